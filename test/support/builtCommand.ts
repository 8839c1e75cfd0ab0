import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { root } from './command.js';

/** Compiles the command into a folder, where it starts faster than from source, and gives the folder that holds `rareflow`. */
export function builtCommand(folder: string): string {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [
    tsc,
    '-p',
    path.join(root, 'src'),
    '--noCheck',
    '--outDir',
    path.join(folder, 'dist'),
  ]);
  cpSync(path.join(root, 'src/report/page'), path.join(folder, 'dist/report/page'), { recursive: true });
  cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  mkdirSync(path.join(folder, 'bin'));
  chmodSync(path.join(folder, 'dist/cli/main.js'), 0o755);
  symlinkSync(path.join(folder, 'dist/cli/main.js'), path.join(folder, 'bin/rareflow'));
  return path.join(folder, 'bin');
}
