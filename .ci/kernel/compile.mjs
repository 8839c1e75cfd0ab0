// `npm run kernel`: compiles .ci/kernel/searchKernel.ts, AssemblyScript, to src/search/scoring/kernelBytes.ts. Run it after a change there;
// test/search/scoring/kernel.test.ts fails until then.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const source = '.ci/kernel/searchKernel.ts';
const folder = mkdtempSync(path.join(os.tmpdir(), 'rareflow-kernel-'));
try {
  const out = path.join(folder, 'kernel.wasm');
  const features = ['--enable', 'simd', '--enable', 'bulk-memory'];
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=', ...features, '-o', out];
  execFileSync('npx', ['--yes', '--package=assemblyscript@0.28.20', 'asc', source, ...options], { stdio: 'inherit' });
  const sha256 = createHash('sha256').update(readFileSync(source)).digest('hex');
  writeFileSync(
    'src/search/scoring/kernelBytes.ts',
    `// Made by \`npm run kernel\` from ${source}.

/** The SHA-256 of the source. */
export const kernelSource = '${sha256}';
/** A WebAssembly module, in base64. */
export const kernelBytes =
  '${readFileSync(out).toString('base64')}';
`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
