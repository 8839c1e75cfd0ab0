import type { Option } from 'commander';

/** One row of the table of commands. */
export interface CommandSpec {
  name: string;
  /** `[input...]` */
  args: string;
  summary: string;
  options: Option[];
  /** Lines of examples for --help. */
  examples: string[];
  /** Further help, after the options. */
  notes?: string[];
  /** Resolves to the exit code. Flags are as commander reads them, in camelCase. */
  // biome-ignore lint/suspicious/noExplicitAny: each command names the flags that its own options define
  run(args: string[], flags: any): Promise<number>;
}
