import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isRecord } from '../../record.js';

/**
 * Returns true if a configuration file of this folder may be read without being named: the folder's package.json depends
 * on rareflow, or `rareflow init` was called there. Any other folder may have come with data from strangers, and a
 * configuration is a program.
 */
export function isTrusted(folder: string): boolean {
  return dependsOnRareflow(folder) || trustedFolders().includes(realpathSync(folder));
}

/** Trusts a folder from now on. Throws if the list of trusted folders cannot be written. */
export function trust(folder: string): void {
  if (isTrusted(folder)) return;
  const list = listPath();
  mkdirSync(path.dirname(list), { recursive: true });
  const text = [...trustedFolders(), realpathSync(folder)].map((one) => `${JSON.stringify(one)}\n`).join('');
  writeFileSync(list, text);
}

/** The list of trusted folders, a JSON string on each line, in the configuration folder of the user. */
const listPath = () =>
  path.join(process.env.XDG_CONFIG_HOME || path.join(homedir(), '.config'), 'rareflow', 'trusted-folders.jsonl');

function trustedFolders(): string[] {
  try {
    const lines = readFileSync(listPath(), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  } catch {
    return []; // no list, or none that can be read: no folder is trusted
  }
}

function dependsOnRareflow(folder: string): boolean {
  try {
    const content: unknown = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    if (!isRecord(content)) return false;
    const groups = [content.dependencies, content.devDependencies, content.peerDependencies];
    return content.name === 'rareflow' || groups.some((group) => isRecord(group) && Object.hasOwn(group, 'rareflow'));
  } catch {
    return false;
  }
}
