import { createHash } from 'node:crypto';

/** Characters that a reader of .tsv or of a TREC run takes as its own: quotes, control characters, line ends, white space at an end. */
const SPECIAL = /["\p{Cc}\u2028\u2029]|^\s|\s$|%(?=[0-9a-f]{2})/giu;
const WHITE_SPACE = /\s/g;

const percentEncoded = (character: string) =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');

/** Returns an id that every reader of .tsv reads as it is; different ids stay different. Most are left as they are. */
export function tsvId(id: string): string {
  return id.replace(SPECIAL, percentEncoded);
}

/** Returns an id without white space, for a TREC run; different ids stay different. */
export function trecId(id: string): string {
  return tsvId(id).replace(WHITE_SPACE, percentEncoded);
}

/** Returns the first 16 hexadecimal digits of the SHA-256 of texts. */
export function digest(...texts: string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}

/** Gives each document one id: if several texts have an id, the later ones get a digest of their text after it. */
export class DocumentIds {
  /** The digest of the text of each id. */
  readonly #texts = new Map<string, string>();

  /** Returns the id of a document, and whether it is new. About 150 bytes are kept for each id. */
  idOf({ id, text }: { id: string; text: string }): { id: string; isNew: boolean } {
    const written = tsvId(id);
    const own = digest(text);
    for (const name of [written, `${written}~${own}`]) {
      const known = this.#texts.get(name);
      if (known === own) return { id: name, isNew: false };
      if (known !== undefined) continue;
      this.#texts.set(name, own);
      return { id: name, isNew: true };
    }
    return { id: `${written}~${own}`, isNew: false };
  }
}
