// npm run bench -- NAME ARGS: runs bench/NAME.ts (crash-index: crashIndex.ts). Without a name, lists the benches.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const folder = import.meta.dirname;
const [name, ...args] = process.argv.slice(2);
const file = path.join(folder, `${name?.replace(/-(.)/g, (_, letter) => letter.toUpperCase())}.ts`);

if (name === undefined || !existsSync(file)) {
  const names = readdirSync(folder)
    .flatMap((entry) => entry.match(/^(?!main)(.+)\.ts$/)?.[1] ?? [])
    .map((camel) => camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  console.error(`usage: npm run bench -- NAME [ARGS]\nbenches: ${names.join(', ')}`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--expose-gc', file, ...args], { stdio: 'inherit' });
process.exitCode = status ?? 1;
