import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { IndexError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { damagedIndex, rebuildHint } from './errors.js';
import type { ExternalFiles } from './externalTexts.js';

export const MANIFEST_NAME = 'index.json';
const FORMAT = 'rareflow-bm25';
const VERSION = 2;

/** The properties of an index and the name of its data file: the content of `index.json`. Writing it commits a build. */
export interface Manifest {
  format: string;
  version: number;
  /** The name of the data file. */
  data: string;
  /** Its size: a shorter file was truncated. */
  dataBytes: number;
  /** Its checksum, by which the data file of another index is refused. Absent in an index of a version that did not write it. */
  dataChecksum?: number | undefined;
  analyzer: string;
  k1: number;
  b: number;
  docCount: number;
  sumDocLength: number;
  /** The key of the groups of the documents, if the index keeps them. */
  groupKey?: string | undefined;
  /** The files that hold the texts, if the index does not. */
  corpus?: ExternalFiles | undefined;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** The builder's description of what the index was made from. */
  source?: unknown;
}

export type ManifestContent = Omit<Manifest, 'format' | 'version' | 'createdAt'>;

/** Replaces the manifest atomically: readers see the old one or this one. */
export async function writeManifest(path: string, content: ManifestContent, temporary: string): Promise<void> {
  const manifest: Manifest = { format: FORMAT, version: VERSION, ...content, createdAt: new Date().toISOString() };
  const checksum = checksumOf(manifest);
  await writeFile(join(path, temporary), `${JSON.stringify({ ...manifest, checksum }, null, 2)}\n`, { flush: true });
  await rename(join(path, temporary), join(path, MANIFEST_NAME));
}

/** Reads and checks the manifest of the index at `path`. Throws IndexError if there is none that can be used. */
export async function readManifest(path: string): Promise<Manifest> {
  const value = parseManifest(path, await readManifestFile(path));
  if (!isRecord(value) || value.format !== FORMAT)
    throw noIndex(path, `its ${MANIFEST_NAME} was not written by rareflow`);
  if (value.version !== VERSION) {
    if (!Number.isSafeInteger(value.version)) throw damagedIndex(path, `${MANIFEST_NAME} has no format version`);
    throw new IndexError(`${path} has format version ${value.version}; this rareflow reads version ${VERSION}`, {
      hint: rebuildHint(path),
    });
  }
  const { checksum, ...manifest } = value;
  if (checksum !== checksumOf(manifest)) throw damagedIndex(path, `${MANIFEST_NAME} has a wrong checksum`);
  return manifest as unknown as Manifest;
}

/** The data file that the index at `path` goes by now, if there is an index. */
export async function liveDataFile(path: string): Promise<string | undefined> {
  return readManifest(path).then(
    ({ data }) => data,
    () => undefined,
  );
}

async function readManifestFile(path: string): Promise<string> {
  try {
    return await readFile(join(path, MANIFEST_NAME), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw noIndex(path, 'it is a file, and an index is a folder', error);
    if (code !== 'ENOENT') throw new IndexError(`${path} cannot be read (${code})`, { cause: error });
    throw new IndexError(`there is no index at ${path}`, { hint: rebuildHint(path), cause: error });
  }
}

function parseManifest(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedIndex(path, `${MANIFEST_NAME} is not JSON`, error);
  }
}

function noIndex(path: string, why: string, cause?: unknown): IndexError {
  return new IndexError(`${path} is not an index: ${why}`, { hint: rebuildHint(path), cause });
}

function checksumOf(manifest: object): string {
  return crc32(JSON.stringify(manifest)).toString(16).padStart(8, '0');
}
