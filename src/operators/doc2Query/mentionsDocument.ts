/** Words that refer to a text that the reader of a question does not have. */
const DOCUMENT_REFERENCES = [
  /\b(?:the|this|that|these|those|given|provided|above|following|preceding)\s+(?:(?:above|given|provided|following|source)\s+)?(?:document|passage|text|article|excerpt|paragraph|snippet)s?\b/i,
  /\baccording to the author/i,
  /(?<!中)文中|文档|本文|上文|下文|该文|此文|原文|短文|这篇|本段|该段|材料中|文章/,
];

/** Returns true if a question refers to a document. */
export function mentionsDocument(question: string): boolean {
  return documentReference(question) !== undefined;
}

/** Returns the words of a question that refer to a document. */
export function documentReference(question: string): string | undefined {
  return DOCUMENT_REFERENCES.map((pattern) => pattern.exec(question)?.[0]).find((words) => words !== undefined);
}
