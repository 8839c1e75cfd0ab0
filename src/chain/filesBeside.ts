/** Returns the paths of the files that a run keeps beside its output. */
export function filesBeside(output: string) {
  const folder = `${output}.rareflow`;
  return {
    /** The folder of its state. */
    folder,
    summary: `${folder}/summary.json`,
    /** `out.jsonl` → `out.rejects.jsonl` */
    rejects: `${output.replace(/\.jsonl$/, '')}.rejects.jsonl`,
  };
}
