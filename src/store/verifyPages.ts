import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  MalformedFile,
  type MetaPage,
  newestMetaPage,
  PAGE_HEADER_BYTES,
  PageFlag,
  TREE_HEAD_BYTES,
  type TreeHead,
  treeHeadAt,
} from './metaPages.js';

/*
 * The layout of an LMDB file of format 2, from lmdb-js's mdb.c, 64-bit little-endian. Behind the header of a page are slots of
 * 2 bytes that point to its nodes. A node has a header of 8 bytes (the size of its data or a page number, flags, the size of
 * its key), a key and its data.
 */
const NODE_HEADER_BYTES = 8;
const OVERFLOW_POINTER_BYTES = 24;
const NO_PAGE = 0xffffffffffffffffn;
const MAX_TREE_DEPTH = 32;
/** A file may be shorter than its pages by this much at most: its missing part is refused when the store is opened. */
const MAX_MISSING_PAGES = 2 ** 20;
const NodeFlag = { bigData: 0x01, subTree: 0x02 } as const;

const ATTEMPTS = 5;

/**
 * Checks every page of an LMDB file that its last transaction reaches, because LMDB trusts its file: a damaged page ends the
 * process by a signal, or makes the next write overwrite live data. Reads each page once. Returns what is wrong, or undefined.
 */
export function verifyPages(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const meta = newestMetaPage(file);
      const problem = meta && problemOf(() => new PageWalk(file, meta).verify());
      if (problem === undefined || newestMetaPage(file)?.txnId === meta?.txnId) return problem;
    }
    // Another process keeps writing, so pages are reused while they are read here. It verified the file when it opened it.
    return undefined;
  } catch (error) {
    if (error instanceof MalformedFile) return error.message;
    throw error;
  } finally {
    closeSync(file);
  }
}

function problemOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof MalformedFile) return error.message;
    throw error;
  }
}

type OnData = (data: Buffer) => void;

/** The receivers of the data of a tree: those that are the heads of other trees, and the others. */
interface Receivers {
  onSubTree?: OnData;
  onData?: OnData;
}

class PageWalk {
  readonly #file: number;
  readonly #meta: MetaPage;
  /** A bit for each page that was met: no page is in two places. */
  readonly #met: Uint8Array;

  constructor(file: number, meta: MetaPage) {
    const pages = fstatSync(file).size / meta.pageSize;
    if (meta.lastPage < 1 || meta.lastPage > pages + MAX_MISSING_PAGES) {
      throw new MalformedFile('its number of pages is impossible');
    }
    this.#file = file;
    this.#meta = meta;
    this.#met = new Uint8Array(Math.ceil((meta.lastPage + 1) / 8));
    this.#meet(0);
    this.#meet(1);
  }

  verify(): void {
    const { freeTree, mainTree } = this.#meta;
    this.#walkTree(mainTree, { onSubTree: (data) => this.#walkTree(subTreeHead(data), {}) });
    this.#walkTree(freeTree, { onData: (data) => this.#meetFreePages(data) });
  }

  #walkTree({ depth, root, entries }: TreeHead, receivers: Receivers): void {
    if (root === NO_PAGE) {
      if (entries !== 0) throw new MalformedFile('a tree without pages claims entries');
      return;
    }
    if (depth < 1 || depth > MAX_TREE_DEPTH) throw new MalformedFile(`a tree is ${depth} pages deep`);
    const found = this.#walkPage(Number(root), depth, receivers);
    if (found !== entries) throw new MalformedFile(`a tree of ${entries} entries has ${found}`);
  }

  /** Returns the number of entries below a page. */
  #walkPage(number: number, depth: number, receivers: Receivers): number {
    const page = this.#read(number, this.#meta.pageSize);
    this.#meet(number);
    const kind = page.readUInt16LE(18) & 0x0f;
    if (kind !== (depth > 1 ? PageFlag.branch : PageFlag.leaf))
      throw new MalformedFile(`page ${number} is of another kind`);
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const body = page.subarray(PAGE_HEADER_BYTES);
    if (lower === 0 || lower % 2 !== 0 || lower > upper || upper > body.length) {
      throw new MalformedFile(`page ${number} has impossible bounds`);
    }
    let entries = 0;
    for (let slot = 0; slot < lower; slot += 2) {
      const node = body.readUInt16LE(slot);
      if (node < upper || node + NODE_HEADER_BYTES > body.length) {
        throw new MalformedFile(`a node of page ${number} lies outside of it`);
      }
      const dataOffset = node + NODE_HEADER_BYTES + body.readUInt16LE(node + 6);
      if (dataOffset > body.length) throw new MalformedFile(`a key of page ${number} does not fit in it`);
      if (depth > 1) {
        const child = body.readUInt32LE(node) + body.readUInt16LE(node + 4) * 2 ** 32;
        entries += this.#walkPage(child, depth - 1, receivers);
      } else {
        this.#walkLeafNode(number, body, node, dataOffset, receivers);
        entries += 1;
      }
    }
    return entries;
  }

  #walkLeafNode(page: number, body: Buffer, node: number, dataOffset: number, { onSubTree, onData }: Receivers): void {
    const size = body.readUInt32LE(node);
    const flags = body.readUInt16LE(node + 4);
    const isBig = (flags & NodeFlag.bigData) !== 0;
    const isTree = (flags & NodeFlag.subTree) !== 0;
    const isKnown = (flags & ~(NodeFlag.bigData | NodeFlag.subTree)) === 0;
    if (!isKnown || isTree !== (onSubTree !== undefined) || (isBig && isTree)) {
      throw new MalformedFile(`a node of page ${page} has impossible flags`);
    }
    if (dataOffset + (isBig ? OVERFLOW_POINTER_BYTES : size) > body.length) {
      throw new MalformedFile(`data of page ${page} do not fit in it`);
    }
    const inline = body.subarray(dataOffset, isBig ? dataOffset + OVERFLOW_POINTER_BYTES : dataOffset + size);
    const data = isBig ? this.#readOverflow(inline, size, onData !== undefined) : inline;
    if (isTree) onSubTree?.(data);
    else onData?.(data);
  }

  /** Returns data too large for a leaf, which have pages of their own; only their header unless `isWhole`. */
  #readOverflow(pointer: Buffer, size: number, isWhole: boolean): Buffer {
    const { pageSize } = this.#meta;
    const number = Number(pointer.readBigUInt64LE(0));
    const pages = Math.ceil((PAGE_HEADER_BYTES + size) / pageSize);
    if (number + pages - 1 > this.#meta.lastPage) throw new MalformedFile(`data on page ${number} are too long`);
    const head = this.#read(number, isWhole ? pages * pageSize : PAGE_HEADER_BYTES);
    const isOverflow = (head.readUInt16LE(18) & 0x0f) === PageFlag.overflow;
    if (!isOverflow || head.readUInt32LE(20) !== pages || pointer.readBigUInt64LE(16) !== BigInt(pages)) {
      throw new MalformedFile(`page ${number} does not hold the data that it should`);
    }
    for (let page = number; page < number + pages; page++) this.#meet(page);
    return head.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + size);
  }

  /** Takes a list of free pages: their count, then their numbers. A page that is both free and in use would be overwritten. */
  #meetFreePages(data: Buffer): void {
    const count = data.length < 8 ? -1 : Number(data.readBigUInt64LE(0));
    if (count < 0 || data.length < 8 + 8 * count) throw new MalformedFile('a list of free pages is cut off');
    for (let offset = 8; offset < 8 + 8 * count; offset += 8) {
      const entry = data.readBigInt64LE(offset);
      if (entry > 0n) this.#meet(Number(entry));
    }
  }

  #read(number: number, bytes: number): Buffer {
    const { lastPage, pageSize } = this.#meta;
    if (number < 2 || number > lastPage) throw new MalformedFile(`it points to page ${number} of ${lastPage + 1}`);
    const page = Buffer.alloc(bytes);
    readSync(this.#file, page, 0, bytes, number * pageSize);
    if (Number(page.readBigUInt64LE(0)) !== number) throw new MalformedFile(`page ${number} has another number`);
    return page;
  }

  #meet(number: number): void {
    if (number > this.#meta.lastPage) throw new MalformedFile(`it points to page ${number}`);
    const mask = 1 << (number & 7);
    const met = this.#met[number >> 3] as number;
    if ((met & mask) !== 0) throw new MalformedFile(`page ${number} is in two places`);
    this.#met[number >> 3] = met | mask;
  }
}

function subTreeHead(data: Buffer): TreeHead {
  if (data.length !== TREE_HEAD_BYTES) throw new MalformedFile('the head of a tree has another length');
  return treeHeadAt(data, 0);
}
