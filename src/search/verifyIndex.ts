import { streamNames } from './dataFile.js';
import { openIndexData } from './indexData.js';

/** What was found whole. */
export interface VerifiedIndex {
  docs: number;
  chunks: number;
  bytes: number;
}

/** Reads every chunk of the index at `path` and checks its checksum. Throws IndexError that names the first damaged one. */
export async function verifyIndex(path: string): Promise<VerifiedIndex> {
  const { meta, manifest, chunk, close } = await openIndexData(path);
  try {
    let chunks = 0;
    let bytes = 0;
    for (const name of streamNames) {
      for (let number = 0; number < meta.chunks[name]; number++) {
        bytes += chunk(name, number).length;
        chunks++;
      }
    }
    return { docs: manifest.docCount, chunks, bytes };
  } finally {
    await close();
  }
}
