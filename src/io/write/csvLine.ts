/** Returns a line of a table. A list or an object is its JSON, null and what is missing are empty, an empty text is `""`. */
export function csvLine(values: readonly unknown[], delimiter: string): string {
  const line = values.map((value) => field(value, delimiter)).join(delimiter);
  // Readers skip a blank line.
  return `${line === '' ? '""' : line}\n`;
}

function field(value: unknown, delimiter: string): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const needsQuotes = text === '' || text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}
