/** The escapes that JSON.stringify writes for characters that readers in other languages refuse: lone surrogates and NUL. */
const UNLOADABLE_ESCAPES = /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/** Returns JSON of JSON.stringify with U+FFFD for each lone surrogate and each NUL in its strings. */
export function loadableJson(json: string): string {
  if (!json.includes('\\u0000') && !json.includes('\\ud')) return json;
  return json.replace(UNLOADABLE_ESCAPES, (all) => (all.length === 6 ? '\ufffd' : all));
}

/** Returns a text with U+FFFD for each lone surrogate and each NUL. */
export function loadableText(text: string): string {
  return text.replace(/[\p{Surrogate}\0]/gu, '\ufffd');
}
