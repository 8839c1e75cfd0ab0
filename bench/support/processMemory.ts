import { readFileSync } from 'node:fs';
import v8 from 'node:v8';

/** A thread of glibc allocates from regions that start at multiples of this. */
const ARENA_BYTES = 64 * 2 ** 20;
const MB = 2 ** 20;

/** The memory of this process in MB, by owner. All but `mapped` and `rss` is anonymous: the kernel cannot take it back. */
export interface ProcessMemory {
  rss: number;
  /** Pages of files: the index, the cache, the program. */
  mapped: number;
  anonymous: number;
  /** The part of the anonymous memory that malloc's main region has. */
  mallocMain: number;
  /** The part that malloc's regions of other threads have. */
  mallocThreads: number;
  /** The part that is in huge pages, which hold memory that nobody asked for. */
  hugePages: number;
  /** Pages that V8 has for the objects of the main thread, used or not. */
  heapCommitted: number;
  heapUsed: number;
  /** The anonymous memory without the pages that V8 has but does not use. */
  inUse: number;
  /** The parts of `heapCommitted` for young, old and large objects. */
  youngCommitted: number;
  oldCommitted: number;
  largeCommitted: number;
  /** Objects outside the heap that V8 knows of, array buffers among them. */
  external: number;
  arrayBuffers: number;
}

/** Reads the memory of this process from the kernel and V8. */
export function processMemory(): ProcessMemory {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const found = anonymousParts(readFileSync('/proc/self/smaps', 'utf8'));
  const spaces = v8.getHeapSpaceStatistics();
  const committed = (pattern: RegExp) =>
    spaces.reduce((sum, one) => sum + (pattern.test(one.space_name) ? one.physical_space_size : 0), 0) / MB;
  const status = readFileSync('/proc/self/status', 'utf8');
  const kb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  const anonymous = kb('RssAnon') / 1024;
  const heapCommitted = v8.getHeapStatistics().total_physical_size / MB;
  return {
    rss: kb('VmRSS') / 1024,
    mapped: (kb('RssFile') + kb('RssShmem')) / 1024,
    anonymous,
    inUse: anonymous - heapCommitted + heapUsed / MB,
    ...found,
    heapCommitted,
    youngCommitted: committed(/^new_/),
    oldCommitted: committed(/^old_/),
    largeCommitted: committed(/large/),
    heapUsed: heapUsed / MB,
    external: external / MB,
    arrayBuffers: arrayBuffers / MB,
  };
}

/** Sums the anonymous memory of mappings by what they are for. */
export function anonymousParts(smaps: string): Pick<ProcessMemory, 'mallocMain' | 'mallocThreads' | 'hugePages'> {
  const sums = { mallocMain: 0, mallocThreads: 0, hugePages: 0 };
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [, start = '0', name = ''] = /^([0-9a-f]+)-\S+ \S+ \S+ \S+ \d+ *(.*)/.exec(mapping) ?? [];
    const mb = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(mapping)?.[1] ?? 0) / 1024;
    sums.hugePages += mb('AnonHugePages');
    if (name === '[heap]') sums.mallocMain += mb('Anonymous');
    else if (name === '' && Number.parseInt(start, 16) % ARENA_BYTES === 0) sums.mallocThreads += mb('Anonymous');
  }
  return sums;
}
