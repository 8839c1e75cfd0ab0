import { PostingsCursor } from './postingsCursor.js';
import type { Postings } from './postingsTypes.js';
import type { TermPostings } from './termPostings.js';

/** Opens a term's postings from the start: the decoded ones if there are any, else a cursor over the file. */
export function openPostings(term: TermPostings): Postings {
  return term.decoded ?? new PostingsCursor(term);
}
