/** Turns a text into terms. An index is searched with the analyzer that it was built with. */
export interface Analyzer {
  readonly name: string;
  /** Returns the terms in the order of the text, each as often as it occurs. */
  tokens(text: string): string[];
  /** Returns the term of a word, '' for none. Only an analyzer whose terms are those of StandardTokenizer's words has it. */
  termOf?(word: string): string;
}

/** An analyzer: by name, or a custom one as an object with a name or a named function from a text to its terms. */
export type AnalyzerOption = string | Analyzer | ((text: string) => string[]);
