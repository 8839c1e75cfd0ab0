/** The help of the argument of a command on records. */
export const inputHelp =
  'JSONL, a JSON array or Parquet, also .gz or .zst; a folder or a quoted pattern of such files; - or none for stdin';
