import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { isBuilt, root } from './command.js';
import { type FolderEnd, workFolder } from './workFolder.js';

export const run = (program: string, args: string[], cwd: string) =>
  execFileSync(program, args, { cwd, encoding: 'utf8' });

export interface UnpackedPackage {
  folder: string;
  installed: string;
  files: string[];
}

/** Packs the package and unpacks it beside the packages that an install of it has, and nothing else. */
export function unpackedPackage(end: FolderEnd): UnpackedPackage {
  const folder = workFolder(end);
  // Other tests run what is built: it is not built again under them.
  const scripts = isBuilt ? ['--ignore-scripts'] : [];
  const packing = ['pack', '--json', '--silent', ...scripts, '--pack-destination', folder];
  const [packed] = JSON.parse(run('npm', packing, root));
  run('tar', ['xzf', packed.filename], folder);
  const installed = path.join(folder, 'package');
  const { packages } = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'));
  for (const [name, { dev = false }] of Object.entries<{ dev?: boolean }>(packages)) {
    // typescript reads the types of Node in `use.mts`
    if ((dev && name !== 'node_modules/@types/node') || name.lastIndexOf('node_modules/') > 0) continue;
    mkdirSync(path.dirname(path.join(installed, name)), { recursive: true });
    symlinkSync(path.join(root, name), path.join(installed, name));
  }
  return { folder, installed, files: packed.files.map((file: { path: string }) => file.path) };
}
