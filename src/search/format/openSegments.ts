import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataFileReader } from './dataFile.js';
import { damagedIndex } from './errors.js';
import { MANIFEST_NAME, type Manifest, readManifest } from './manifest.js';
import { openReaders, SegmentReader } from './segmentReader.js';
import type { DataMeta } from './segmentWriter.js';

/** An opened data file with its segments. */
export interface OpenSegments {
  meta: DataMeta;
  segments: SegmentReader[];
  file: DataFileReader;
  close(): void;
}

/** An opened index: its manifest and its segments. It stays readable when a later build replaces it. */
export interface IndexSegments extends OpenSegments {
  path: string;
  manifest: Manifest;
}

/** Opens the index at `path`. Throws IndexError if there is none that can be used. */
export async function openIndexSegments(path: string): Promise<IndexSegments> {
  const manifest = await readManifest(path);
  try {
    return await openManifestSegments(path, manifest);
  } catch (error) {
    // A build that ended just now has removed the data file that the manifest named.
    const current = await readManifest(path);
    if (current.data === manifest.data) throw error;
    return await openManifestSegments(path, current);
  }
}

/** Opens a data file whose build is done, committed or not. */
export function openSegments(path: string): OpenSegments {
  const file = new DataFileReader(path);
  try {
    const meta = file.meta as DataMeta;
    const streams = openReaders(file);
    let firstDoc = 0;
    const segments = meta.segments.map((segment) => {
      firstDoc += segment.docs;
      return new SegmentReader(segment, streams, firstDoc - segment.docs);
    });
    return { meta, segments, file, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Opens the data file that a manifest names. */
export async function openManifestSegments(path: string, manifest: Manifest): Promise<IndexSegments> {
  const file = join(path, manifest.data);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw damagedIndex(path, `its data file ${manifest.data} is missing`);
  if (found.size !== manifest.dataBytes) {
    throw damagedIndex(path, `${manifest.data} has ${found.size} bytes instead of ${manifest.dataBytes}`);
  }
  const opened = openSegments(file);
  if (opened.file.checksum === manifest.dataChecksum) return { path, manifest, ...opened };
  opened.close();
  throw damagedIndex(path, `${manifest.data} is not the data file that ${MANIFEST_NAME} was written for`);
}
