// Runs after tsc in `npm run build`: bundles the report's page, packages of which an install would take many times what is
// used (openai 20 MB, prom-client and what it needs 5 MB, @orama/stemmers 4 MB, csv-parse 2 MB), and the command, which
// starts in half the time from few files. The licenses of all that is bundled are in dist/licenses.txt.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';
import { bundlePage } from '../dist/report/bundlePage.js';

const { script, style } = bundlePage('src/report/page');
writeFileSync('dist/report/page/page.js', script);
writeFileSync('dist/report/page/page.css', style);

/** The packages of which a bundle holds a part. */
const bundled = new Set();

async function bundle(options) {
  const { metafile } = await build({ bundle: true, platform: 'node', target: 'node20', metafile: true, ...options });
  for (const file of Object.keys(metafile.inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[0];
    if (name) bundled.add(name);
  }
}

const banner = { js: '// This file holds parts of other packages; see dist/licenses.txt.' };
for (const name of ['llm/openai/client', 'io/parse/csvDialect']) {
  await bundle({ entryPoints: [`src/${name}.ts`], outfile: `dist/${name}.js`, format: 'esm', banner });
}

// The library loads a stemmer by its language's name, so each is a file, beside the one that asks for it.
const stemmers = '@orama/stemmers';
const languages = Object.keys(JSON.parse(readFileSync(`node_modules/${stemmers}/package.json`, 'utf8')).exports);
await bundle({
  entryPoints: languages.map((language) => ({ in: path.posix.join(stemmers, language), out: language })),
  outdir: 'dist/search/analysis/stemmers',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  minify: true,
  banner,
});
const snowball = 'dist/search/analysis/snowball.js';
const text = readFileSync(snowball, 'utf8').replace(/`@orama\/stemmers\/(.+?)`/, '`./stemmers/$1.cjs`');
if (!text.includes('`./stemmers/')) throw new Error(`${snowball} loads no stemmer`);
writeFileSync(snowball, text);

/** The library's files that stay apart: two that few commands need, and one that finds its sources beside itself. */
const apart = /(client|bundlePage|csvDialect)\.js$/;

const ownImport = /import\('(\.[^']+)'\)/g;
const targetOf = (file, name) => path.resolve(path.dirname(file), name);
/** Returns true if a module loads a package of which few runs need anything, itself or by what it imports. */
function needsPackage(file, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  const names = [...readFileSync(file, 'utf8').matchAll(/^(?:im|ex)port .*from '(.+)';$/gm)].map(([, name]) => name);
  return names.some((name) =>
    name.startsWith('.') ? apart.test(name) || needsPackage(targetOf(file, name), seen) : name === 'lmdb',
  );
}
/** The modules that are imported on use, and load no such package. */
const onUse = new Set();
for (const file of globSync('dist/**/*.js')) {
  for (const [, name] of readFileSync(file, 'utf8').matchAll(ownImport)) {
    const target = targetOf(file, name);
    if (!apart.test(name) && name !== './program.js' && !needsPackage(target)) onUse.add(target);
  }
}
const modules = [...onUse].sort();
const exported = (file) => `module${modules.indexOf(file)}`;

// The command is a few files: its start, its flags, and all that it runs. Split at each of its imports on use it would be 300,
// of which a run finds and opens half; one file of all would have to be read for --help.
const commandFiles = {
  name: 'files of the command',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: apart }, ({ path: name, resolveDir }) => ({
      path: path.relative(path.resolve('dist/cli'), path.resolve(resolveDir, name)),
      external: true,
    }));
    onResolve({ filter: /^work$/ }, () => ({ path: 'work', namespace: 'work' }));
    onLoad({ filter: /.*/, namespace: 'work' }, () => ({
      contents: modules.map((file) => `export * as ${exported(file)} from '${file}';`).join('\n'),
      resolveDir: '.',
    }));
    onLoad({ filter: /dist\/.*\.js$/ }, ({ path: file }) => {
      const url = `new URL('${path.relative(path.resolve('dist/cli'), file)}', import.meta.url).href`;
      const contents = readFileSync(file, 'utf8')
        .replaceAll('import.meta.url', url)
        .replaceAll(ownImport, (whole, name) => {
          const target = targetOf(file, name);
          return onUse.has(target) ? `import('work').then((work) => work.${exported(target)})` : whole;
        });
      return { contents, loader: 'js' };
    });
  },
};
await bundle({
  entryPoints: ['dist/cli/main.js'],
  outdir: 'dist/bundled',
  splitting: true,
  format: 'esm',
  // Packages with native parts, and large ones that few commands load.
  external: [
    'lmdb',
    '@hpcc-js/wasm-zstd',
    'tsx',
    'flexsearch',
    'hyparquet',
    'hyparquet-*',
    'undici',
    'esbuild',
    'bullmq',
    'ioredis',
  ],
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  plugins: [commandFiles],
});
rmSync('dist/cli', { recursive: true });
renameSync('dist/bundled', 'dist/cli');

const licenses = [...bundled].sort().map((folder) => {
  const names = [folder, ...(folder.endsWith('/openai') ? [`${folder}/src/internal/qs`] : [])].flatMap((place) =>
    readdirSync(place)
      .filter((name) => /^licen[cs]e/i.test(name))
      .map((name) => `${place}/${name}`),
  );
  if (names.length === 0) throw new Error(`${folder} has no license file`);
  return [`## ${folder.replace('node_modules/', '')}`, ...names.map((name) => readFileSync(name, 'utf8').trim())].join(
    '\n\n',
  );
});
writeFileSync('dist/licenses.txt', `${licenses.join('\n\n')}\n`);
