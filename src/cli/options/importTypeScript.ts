import { fileURLToPath } from 'node:url';
import { UsageError } from '../../errors.js';
import { isRecord } from '../../record.js';

/**
 * Imports a TypeScript module and returns its default export. Node >= 22.18 reads most modules itself; an older Node, syntax
 * that Node cannot strip (an `enum`) and ES module syntax in a CommonJS package need the optional package tsx.
 *
 * @throws UsageError if tsx is needed and not installed
 */
export async function importTypeScript(url: string): Promise<unknown> {
  let cause: unknown;
  if ('typescript' in process.features && process.features.typescript) {
    try {
      return defaultExport(await import(url));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      cause = error;
    }
  }
  const { tsImport } = await import('tsx/esm/api').catch((missing: unknown) => {
    throw needsTsx(fileURLToPath(url), cause ?? missing);
  });
  return defaultExport(await tsImport(url, import.meta.url));
}

function needsTsx(file: string, cause: unknown): UsageError {
  const { node } = process.versions;
  if (!(cause instanceof SyntaxError)) {
    return new UsageError(`${file} is TypeScript, which Node ${node} cannot read without tsx`, {
      cause,
      hint: 'run npm i tsx, use Node >= 22.18, or write the file as .mjs or .json',
    });
  }
  return new UsageError(`${file}: Node ${node} cannot read it without tsx: ${cause.message}`, {
    cause,
    hint: 'run npm i tsx, or write the file as .mts, .mjs or .json',
  });
}

/** The default export; in a folder that is not an ES module package, tsx puts the module inside another. */
function defaultExport({ default: value }: { default?: unknown }): unknown {
  return isRecord(value) && 'default' in value ? value.default : value;
}
