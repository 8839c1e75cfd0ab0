import type { Option } from 'commander';

/** What `rareflow --help` and the reference put together, in this order. */
export type CommandGroup = 'Make data' | 'Search' | 'Look at it and pass it on' | 'Set up and rehearse';

/** One row of the table of commands. */
export interface CommandSpec {
  name: string;
  group: CommandGroup;
  /** Its arguments as commander writes them, `[input...]`, and what each is. */
  args: Record<string, string>;
  summary: string;
  /** Those of a group of `options.ts` say so by their heading; the command's own have none. */
  options: Option[];
  /** Command lines that work as they are printed. */
  examples: string[];
  /** Further help, after the options. */
  notes?: string[];
  /** Resolves to the exit code. Flags are as commander reads them, in camelCase. */
  // biome-ignore lint/suspicious/noExplicitAny: each command names the flags that its own options define
  run(args: string[], flags: any): Promise<number>;
}
