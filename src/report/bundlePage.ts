import path from 'node:path';
import { buildSync } from 'esbuild';

export interface PageAssets {
  /** One script, a module without imports. */
  script: string;
  style: string;
}

/** Bundles the script and the style of the page in `folder`. The build runs it; the published package has no esbuild. */
export function bundlePage(folder: string): PageAssets {
  const bundled = (entry: string) =>
    buildSync({
      entryPoints: [path.join(folder, entry)],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      charset: 'utf8',
      write: false,
    }).outputFiles[0]?.text ?? '';
  return { script: bundled('main.js'), style: bundled('page.css') };
}
