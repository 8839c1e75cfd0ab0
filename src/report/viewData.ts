import type { ownWarnings, Warning } from './warnings.js';

/** What the page of `view` starts from; the rest it asks the server for. */
export interface ViewData {
  kind: 'view';
  title: string;
  warnings: typeof ownWarnings;
  languages: string[];
}

/** What the list of the browser shows of a record. */
export interface Row {
  number: number;
  id?: string | undefined;
  /** The question, or how else a person would know it: 300 characters at most. */
  words: string;
  warnings: Warning[];
  rejected: boolean;
}

/** What the list is narrowed to; an empty string narrows nothing. */
export interface Filters {
  words: string;
  warning: string;
  state: string;
  language: string;
}

/** How far a file is read. */
export interface ViewStatus {
  /** Records found so far. */
  records: number;
  bytesRead: number;
  bytes: number;
  /** True for the `.partial` of a run. */
  partial: boolean;
  /** Another number means another file: what was shown of it is no more. */
  generation: number;
  states: string[];
}

/** One line of the answer to a search. */
export type SearchLine =
  | { row: Row }
  /** How far the search got: at the end of the file `next` is absent. */
  | { scanned: number; records: number; next?: number | undefined };
