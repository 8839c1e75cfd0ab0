/** The names of the built-in analyzers: apart from their code, so that a command line is read without loading it. */
export const analyzerNames = ['english', 'standard', 'cjk', 'multilingual'] as const;

export type AnalyzerName = (typeof analyzerNames)[number];

/** Returns true for the name of a built-in analyzer. */
export function isAnalyzerName(name: string): name is AnalyzerName {
  return (analyzerNames as readonly string[]).includes(name);
}
