/** Returns the paths of the files that a run keeps beside its output. */
export function filesBeside(output: string) {
  const folder = `${output}.rareflow`;
  return {
    /** The folder of its state. */
    folder,
    summary: `${folder}/summary.json`,
    /** The records as JSON Lines, if the name of the output is that of another form. */
    records: `${folder}/records.jsonl`,
    /** The lengths of those records and of the output that was made from them. */
    form: `${folder}/form.json`,
    /** `out.jsonl` → `out.rejects.jsonl` */
    rejects: `${output.replace(/\.jsonl$/, '')}.rejects.jsonl`,
  };
}
