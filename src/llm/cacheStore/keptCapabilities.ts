import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isRecord } from '../../record.js';
import { type Capabilities, isCapabilities } from '../capabilities.js';

/** Older entries are not used: a server may have been upgraded. */
const MAX_AGE_MS = 14 * 24 * 3600 * 1000;

export interface KeptCapabilities {
  capabilities: Capabilities;
  /** The day they were learned, as `2026-05-31`. */
  day: string;
}

/**
 * Keeps the facts that were learned about servers in one JSON file beside a cache: by base URL and model, each with the day.
 * An entry that cannot be read counts as missing, and the next one replaces it.
 */
export class CapabilityFile {
  readonly #path: string;

  constructor(cachePath: string) {
    this.#path = capabilityFileOf(cachePath);
  }

  get(server: string): KeptCapabilities | undefined {
    const entry = this.#entries()[server];
    if (!isRecord(entry) || typeof entry.learnedAt !== 'string') return undefined;
    const { learnedAt, ...capabilities } = entry;
    const isFresh = Date.now() - Date.parse(learnedAt) < MAX_AGE_MS;
    return isFresh && isCapabilities(capabilities) ? { capabilities, day: learnedAt.slice(0, 10) } : undefined;
  }

  /** Throws the error of the file system if it cannot be written. */
  put(server: string, capabilities: Capabilities): void {
    const entries = { ...this.#entries(), [server]: { learnedAt: new Date().toISOString(), ...capabilities } };
    const temporary = `${this.#path}.${process.pid}.partial`;
    writeFileSync(temporary, `${JSON.stringify({ version: 1, servers: entries }, undefined, 2)}\n`);
    renameSync(temporary, this.#path);
  }

  #entries(): Record<string, unknown> {
    try {
      const { version, servers } = JSON.parse(readFileSync(this.#path, 'utf8'));
      return version === 1 && isRecord(servers) ? servers : {};
    } catch {
      return {};
    }
  }
}

/** The file beside the cache of that path: a cache's folder holds nothing but the cache. */
export function capabilityFileOf(cachePath: string): string {
  return `${cachePath.replace(/[/\\]+$/, '')}.servers.json`;
}
