import { isRecord } from '../../record.js';

/** The `response_format` of a request. */
export interface ResponseFormat {
  type?: string;
  json_schema?: { schema?: unknown };
}

/** The answer as JSON mode gives it: bare JSON, of the schema's form where one is asked for. */
export function inFormat(answer: string, format: ResponseFormat | undefined): string {
  if (format?.type !== 'json_object' && format?.type !== 'json_schema') return answer;
  const found = jsonIn(answer);
  const schema = format.json_schema?.schema;
  if (format.type === 'json_object' || !isRecord(schema)) return JSON.stringify(found ?? { answer: answer.trim() });
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  const fits = found !== undefined && required.length > 0 && required.every((key) => key in found);
  return JSON.stringify(fits ? found : instanceOf(schema, schema, answer.trim()));
}

/** The object between a text's first and last brace. */
function jsonIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const deepest = 16;

/** The plainest value of a JSON schema, its strings being `text`. */
function instanceOf(node: unknown, root: Record<string, unknown>, text: string, depth = 0): unknown {
  if (!isRecord(node) || depth > deepest) return text;
  const again = (inner: unknown) => instanceOf(inner, root, text, depth + 1);
  const [choice] = [node.anyOf, node.oneOf, node.allOf].filter(Array.isArray);
  if ('const' in node) return node.const;
  if (Array.isArray(node.enum)) return node.enum[0];
  if (typeof node.$ref === 'string') return again(resolve(node.$ref, root));
  if (choice !== undefined) return again(choice[0]);
  switch (Array.isArray(node.type) ? node.type[0] : node.type) {
    case 'object': {
      const properties = isRecord(node.properties) ? node.properties : {};
      return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, again(inner)]));
    }
    case 'array':
      return Array.from({ length: Math.max(1, Number(node.minItems ?? 1)) }, () => again(node.items));
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

/** `#/$defs/Question` → the definition. */
function resolve(ref: string, root: Record<string, unknown>): unknown {
  let node: unknown = root;
  for (const key of ref.split('/').slice(1)) node = isRecord(node) ? node[key] : undefined;
  return node;
}
