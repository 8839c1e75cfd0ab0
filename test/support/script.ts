import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder of the bundles, in tests that .ci/bundleTests.mjs has bundled. */
declare const BUNDLES: string;

const root = path.resolve(import.meta.dirname, '../..');
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** The options by which node runs TypeScript. */
export const typescript = ['--import', tsx];

/** Returns the arguments by which node runs a script of the tests or an example: its bundle, if the test is one, else its source. */
export function scriptArgs(file: string): string[] {
  if (typeof BUNDLES === 'undefined') return [...typescript, file];
  return [path.join(root, BUNDLES, path.relative(root, file).replace(/\.ts$/, '.js'))];
}
