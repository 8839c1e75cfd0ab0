import { fstatSync, readSync } from 'node:fs';

/** The header of a page: its number (8 bytes), its transaction (8), a pad (2), flags (2), then two offsets or a count of pages. */
export const PAGE_HEADER_BYTES = 24;
export const PageFlag = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;

const MAGIC = 0xbeefc0de;
const LMDB_FORMAT = 2;
/** The offsets of the fields of a meta page behind its header. The head of the free tree starts with the page size. */
const offsets = { magic: 0, version: 4, freeTree: 24, mainTree: 72, lastPage: 120, txnId: 128 } as const;

/** The head of a tree of pages. */
export interface TreeHead {
  depth: number;
  entries: number;
  root: bigint;
}

export const TREE_HEAD_BYTES = 48;

/** A meta page: the state of the file after a transaction. */
export interface MetaPage {
  txnId: bigint;
  pageSize: number;
  lastPage: number;
  freeTree: TreeHead;
  mainTree: TreeHead;
}

/** The file cannot be what LMDB has written. */
export class MalformedFile extends Error {}

/** Returns the meta page of the last transaction, which LMDB uses; undefined for an empty file that a process has just created. */
export function newestMetaPage(file: number): MetaPage | undefined {
  if (fstatSync(file).size === 0) return undefined;
  const first = metaPageAt(file, 0);
  const second = metaPageAt(file, first.pageSize);
  if (first.pageSize !== second.pageSize) throw new MalformedFile('its two meta pages differ in the page size');
  return first.txnId >= second.txnId ? first : second;
}

/** Reads the head of a tree from its 48 bytes. */
export function treeHeadAt(bytes: Buffer, offset: number): TreeHead {
  return {
    depth: bytes.readUInt16LE(offset + 6),
    entries: Number(bytes.readBigUInt64LE(offset + 32)),
    root: bytes.readBigUInt64LE(offset + 40),
  };
}

function metaPageAt(file: number, offset: number): MetaPage {
  const page = Buffer.alloc(PAGE_HEADER_BYTES + offsets.txnId + 8);
  readSync(file, page, 0, page.length, offset);
  const meta = page.subarray(PAGE_HEADER_BYTES);
  const isMeta = (page.readUInt16LE(18) & PageFlag.meta) !== 0;
  if (!isMeta || meta.readUInt32LE(offsets.magic) !== MAGIC || meta.readUInt32LE(offsets.version) !== LMDB_FORMAT) {
    throw new MalformedFile('its file does not start as an LMDB file does');
  }
  const pageSize = meta.readUInt32LE(offsets.freeTree);
  const isPowerOf2 = (pageSize & (pageSize - 1)) === 0;
  if (pageSize < 512 || pageSize > 65536 || !isPowerOf2) throw new MalformedFile('its page size is impossible');
  return {
    pageSize,
    txnId: meta.readBigUInt64LE(offsets.txnId),
    lastPage: Number(meta.readBigUInt64LE(offsets.lastPage)),
    freeTree: treeHeadAt(meta, offsets.freeTree),
    mainTree: treeHeadAt(meta, offsets.mainTree),
  };
}
