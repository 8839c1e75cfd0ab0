// Runs after tsc in `npm run build`: bundles the report's page, the openai client, of which an install would take 20 MB, and
// the command, which starts in half the time from a few files.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, buildSync } from 'esbuild';
import { bundlePage } from '../dist/report/bundlePage.js';

const { script, style } = bundlePage('src/report/page');
writeFileSync('dist/report/page/page.js', script);
writeFileSync('dist/report/page/page.css', style);

buildSync({
  entryPoints: ['src/llm/openai/client.ts'],
  outfile: 'dist/llm/openai/client.js',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: '// The openai client and what it holds of other packages; see client.licenses.txt.' },
});
const licenses = ['LICENSE', 'src/internal/qs/LICENSE.md'].map((name) =>
  readFileSync(`node_modules/openai/${name}`, 'utf8'),
);
writeFileSync('dist/llm/openai/client.licenses.txt', licenses.join('\n\n'));

/** Keeps the library's files apart that run in a worker or lie beside data: their URL stays that of the file in dist. */
const keepUrls = {
  name: 'keep URLs',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /(client|bundlePage)\.js$/ }, ({ path: name, resolveDir }) => {
      const file = path.resolve(resolveDir, name);
      return { path: path.relative(path.resolve('dist/cli'), file), external: true };
    });
    onLoad({ filter: /dist\/.*\.js$/ }, ({ path: file }) => {
      const url = `new URL('${path.relative(path.resolve('dist/cli'), file)}', import.meta.url).href`;
      return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', url), loader: 'js' };
    });
  },
};
await build({
  entryPoints: ['dist/cli/main.js'],
  outdir: 'dist/bundled',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Packages with native parts, and large ones that few commands load.
  external: ['lmdb', 'tsx', 'flexsearch', 'hyparquet', 'hyparquet-*', 'prom-client', 'undici', 'esbuild'],
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  plugins: [keepUrls],
});
rmSync('dist/cli', { recursive: true });
renameSync('dist/bundled', 'dist/cli');
