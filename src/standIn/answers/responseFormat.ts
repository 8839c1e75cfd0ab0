import { isRecord } from '../../record.js';

/** The `response_format` of a request. */
export interface RequestedFormat {
  type?: string;
  json_schema?: { schema?: unknown };
}

/** Returns the answer as JSON mode gives it: bare JSON that fits the schema, if the request has one. */
export function formatAnswer(answer: string, format: RequestedFormat | undefined): string {
  if (format?.type !== 'json_object' && format?.type !== 'json_schema') return answer;
  const found = objectIn(answer);
  const schema = format.json_schema?.schema;
  if (format.type === 'json_object' || !isRecord(schema)) return JSON.stringify(found ?? { answer: answer.trim() });
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  const fits = found !== undefined && required.length > 0 && required.every((key) => key in found);
  return JSON.stringify(fits ? found : instanceOf(schema, schema, answer.trim()));
}

/** Returns the JSON object between the first and the last brace of a text, if there is one. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const MAX_DEPTH = 16;

/** Makes the simplest value of a JSON schema. Each of its strings is `text`. */
function instanceOf(node: unknown, root: Record<string, unknown>, text: string, depth = 0): unknown {
  if (!isRecord(node) || depth > MAX_DEPTH) return text;
  const nested = (inner: unknown) => instanceOf(inner, root, text, depth + 1);
  const [choice] = [node.anyOf, node.oneOf, node.allOf].filter(Array.isArray);
  if ('const' in node) return node.const;
  if (Array.isArray(node.enum)) return node.enum[0];
  if (typeof node.$ref === 'string') return nested(definitionAt(node.$ref, root));
  if (choice !== undefined) return nested(choice[0]);
  switch (Array.isArray(node.type) ? node.type[0] : node.type) {
    case 'object': {
      const properties = isRecord(node.properties) ? node.properties : {};
      return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, nested(inner)]));
    }
    case 'array':
      return Array.from({ length: Math.max(1, Number(node.minItems ?? 1)) }, () => nested(node.items));
    case 'integer':
    case 'number':
      return node.minimum ?? 0;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return text;
  }
}

/** Returns the definition that a reference such as `#/$defs/Question` names. */
function definitionAt(ref: string, root: Record<string, unknown>): unknown {
  let node: unknown = root;
  for (const key of ref.split('/').slice(1)) node = isRecord(node) ? node[key] : undefined;
  return node;
}
