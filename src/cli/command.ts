import type { Declared, Resolved } from '../util/options.js';

/** The headings of `rareflow --help` and of the reference, in their order. */
export type CommandGroup = 'Make data' | 'Search' | 'Look at it and pass it on' | 'Set up and rehearse';

/** One row of the table of commands. It holds declarations only: `run` imports what it needs. */
export interface CommandSpec<D extends Declared = Declared> {
  name: string;
  group: CommandGroup;
  /** Its arguments as commander writes them, `[input...]`, and what each one is. */
  args: Record<string, string>;
  summary: string;
  /** Options without a group are the command's own. */
  options: D;
  /** Command lines that work as printed. */
  examples: string[];
  /** Further lines of help, after the options. */
  notes?: string[];
  /** Resolves to the exit code. */
  run(args: string[], flags: Resolved<D>): Promise<number>;
}

/** Types the flags of a command by its options. */
export function command<const D extends Declared>(spec: CommandSpec<D>): CommandSpec {
  return spec as unknown as CommandSpec;
}
