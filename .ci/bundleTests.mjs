// Bundles each test, each script that a test starts, and each example with the sources that it imports into out/tests: a test process then starts in
// half the time, because it resolves a few files instead of hundreds. A file still finds what is beside its source.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';

const outdir = 'out/tests';
rmSync(outdir, { recursive: true, force: true });

const ownPlace = {
  name: 'own-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path: file }) => ({
      loader: 'ts',
      contents: readFileSync(file, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href)),
    }));
  },
};

await build({
  entryPoints: globSync(['test/**/*.test.ts', 'test/**/*Child.ts', 'test/support/plainOutput.ts', 'examples/**/*.ts']),
  define: { BUNDLES: JSON.stringify(outdir) },
  outbase: '.',
  outdir,
  ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
  ...{ sourcemap: 'linked', logLevel: 'warning', plugins: [ownPlace] },
});
