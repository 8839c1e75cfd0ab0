import type { ownWarnings, Warning } from './warnings.js';

/** The first data of the page of `view`; it requests the rest from the server. */
export interface ViewData {
  kind: 'view';
  title: string;
  warnings: typeof ownWarnings;
  languages: string[];
  /** The files that are served, if there are several, with the paths of their pages. */
  files: { title: string; href: string }[];
}

/** A record in the list of the page. */
export interface RecordRow {
  number: number;
  id?: string | undefined;
  /** The question, or another text that identifies the record; at most 300 characters. */
  words: string;
  warnings: Warning[];
  rejected: boolean;
}

/** The filters of the list; an empty string does not filter. */
export interface Filters {
  words: string;
  warning: string;
  state: string;
  language: string;
}

/** The progress of reading a file. */
export interface ViewStatus {
  /** Records found so far. */
  records: number;
  bytesRead: number;
  bytes: number;
  /** True for the `.partial` of a run. */
  partial: boolean;
  /** Changes if the file was replaced: its earlier records no longer exist. */
  generation: number;
  states: string[];
}

/** One line of the answer to a search. */
export type SearchLine =
  | { row: RecordRow }
  /** The progress of the search; `next` is absent at the end of the file. */
  | { scanned: number; records: number; next?: number | undefined };
