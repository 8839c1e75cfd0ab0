import { streamNames } from './dataFile.js';
import { ExternalTexts } from './externalTexts.js';
import { openIndexSegments } from './openSegments.js';

/** The counts of what was read and found intact. */
export interface VerifiedIndex {
  docs: number;
  chunks: number;
  bytes: number;
}

/**
 * Reads every chunk of the index at `path` and checks its checksum, and every text that it has left in the corpus. Throws
 * IndexError that names the first damaged or changed one.
 */
export async function verifyIndex(path: string): Promise<VerifiedIndex> {
  const { manifest, segments, file, close } = await openIndexSegments(path);
  try {
    let chunks = 0;
    let bytes = 0;
    for (const name of streamNames) {
      for (let number = 0; number < file.chunks(name); number++) {
        bytes += file.chunk(name, number).length;
        chunks++;
      }
    }
    file.verifyChunks();
    const corpus = manifest.corpus && new ExternalTexts(path, manifest.corpus);
    for (const segment of corpus ? segments : []) {
      for (const { place } of segment.documents()) if (place) corpus?.text(place);
    }
    corpus?.close();
    return { docs: manifest.docCount, chunks, bytes };
  } finally {
    close();
  }
}
