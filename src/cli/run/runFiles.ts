import { existsSync, readFileSync } from 'node:fs';

/** The files that a run leaves beside its output. */
export function filesBeside(output: string) {
  const bare = output.replace(/\.partial$/, '').replace(/\.jsonl$/, '');
  return { rejects: `${bare}.rejects.jsonl`, summary: `${output.replace(/\.partial$/, '')}.rareflow/summary.json` };
}

/** What a JSON file holds; undefined where it is not there or is no JSON. */
export function jsonAt(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
