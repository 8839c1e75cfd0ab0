/** The way to ask for JSON: by its schema, as any JSON, or in the prompt alone. */
export type StructuredOutput = 'json_schema' | 'json_object' | 'none';

/** The parameter that caps an answer; `none` if the server takes neither. */
export type CapName = 'max_tokens' | 'max_completion_tokens' | 'none';

/** The parts of requests that one model of one server accepts. A part that is absent was neither learned nor set. */
export interface Capabilities {
  format?: StructuredOutput | undefined;
  /** False: the system message is sent as a part of the first user message. */
  systemRole?: boolean | undefined;
  /** True: it answers only as a stream. */
  stream?: boolean | undefined;
  /** False: `enable_thinking: false` is sent, as it demands. */
  enableThinking?: boolean | undefined;
  cap?: CapName | undefined;
  /** The longest answer that it writes, in tokens. */
  highestCap?: number | undefined;
  /** Parameters that are left out. */
  refused?: string[] | undefined;
  /** The field in which its thinking came. It is shown and has no effect. */
  reasoningField?: string | undefined;
}

const yesNo: Record<string, boolean> = { yes: true, no: false, true: true, false: false };
const oneOf =
  <T extends string>(...names: T[]) =>
  (text: string): T | undefined =>
    names.find((name) => name === text);
const yesOrNo = (text: string) => yesNo[text];

/** The keys as they are written, and their readers; a reader returns undefined for a value that it does not take. */
const fields: Record<string, [key: keyof Capabilities, read: (text: string) => unknown]> = {
  format: ['format', oneOf<StructuredOutput>('json_schema', 'json_object', 'none')],
  'system-role': ['systemRole', yesOrNo],
  stream: ['stream', yesOrNo],
  'enable-thinking': ['enableThinking', yesOrNo],
  cap: ['cap', oneOf<CapName>('max_tokens', 'max_completion_tokens', 'none')],
  'highest-cap': ['highestCap', (text) => (/^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined)],
  refused: ['refused', (text) => (/^\w+(\+\w+)*$/.test(text) ? text.split('+') : undefined)],
};

/** The names of the keys of a written list, for messages. */
export const capabilityNames = Object.keys(fields);

/** Reads `format=json_object,system-role=no,refused=temperature+top_p`. Returns text of another form as it is. */
export function parseCapabilities(list: string): Capabilities | string {
  const read: Record<string, unknown> = {};
  for (const entry of list.split(',')) {
    const [, name = '', text = ''] = /^\s*([\w-]+)\s*=\s*(\S+)\s*$/.exec(entry) ?? [];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const value = field?.[1](text);
    if (field === undefined || value === undefined) return list;
    read[field[0]] = value;
  }
  return read;
}

/** Writes capabilities in the form that `parseCapabilities` reads. */
export function writeCapabilities(capabilities: Capabilities): string {
  const written = Object.entries(fields).flatMap(([name, [key]]) => {
    const value = capabilities[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
    if (typeof value === 'boolean') return [`${name}=${value ? 'yes' : 'no'}`];
    return [`${name}=${Array.isArray(value) ? value.join('+') : value}`];
  });
  return written.join(',');
}

/** Returns true for an object whose keys and values are those of `Capabilities`. */
export function isCapabilities(value: unknown): value is Capabilities {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { reasoningField, ...others } = value as Capabilities;
  if (reasoningField !== undefined && typeof reasoningField !== 'string') return false;
  const known = Object.values(fields).map(([key]) => key);
  if (!Object.keys(others).every((key) => known.includes(key as keyof Capabilities))) return false;
  if (others.refused !== undefined && !Array.isArray(others.refused)) return false;
  const text = writeCapabilities(others);
  return text === '' || typeof parseCapabilities(text) === 'object';
}
