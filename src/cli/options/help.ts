import { Command, type Option as CommanderOption, Help } from 'commander';
import pc from 'picocolors';
import type { Option } from '../../util/options.js';
import { Flag } from './flags.js';

/** Terms that are wider than this have a line of their own, so that their descriptions have room. */
const WIDEST_TERM = 26;

/** The description of an option's default; undefined if there is nothing to say. */
export function defaultOf({ defaultText, default: value }: Option): string | undefined {
  if (defaultText !== undefined) return defaultText;
  return value === undefined || typeof value === 'boolean' ? undefined : String(value);
}

/** The help of an option with its choices, if the text does not name all of them. */
function helpOf({ help, presence, choices = [] }: Option): string {
  const words = new Set(help.match(/[\w+-]+/g));
  const named = choices.every((choice) => words.has(choice)) ? help : `${help}: ${listed(choices)}`;
  return presence === 'required' ? `${named}; required` : named;
}

/** Returns the description of a flag. */
export function descriptionOf({ declared, turnsOff }: Flag): string {
  return turnsOff ? (declared.helpOff as string) : helpOf(declared);
}

/** The default that is printed with a flag: the flag that turns an option off has none. */
export function defaultOfFlag({ declared, turnsOff }: Flag): string | undefined {
  return turnsOff ? undefined : defaultOf(declared);
}

/** Returns the description of a flag, with its default. */
export function aboutOf(flag: Flag): string {
  const otherwise = defaultOfFlag(flag);
  return `${descriptionOf(flag)}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`;
}

/** `a`, `a or b`, `a, b or c` */
function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]+)$/, ' or $1');
}

/** Breaks a text into lines of at most `width` characters, except where one word is longer. */
export const wrapped = (text: string, width: number): string[] => new Help().boxWrap(text, width).split('\n');

/** Breaks an example before flags, pipes and redirections as a shell takes it, into lines of at most `width` if possible. */
export function brokenExample(example: string, width: number): string {
  const lines: string[] = [];
  for (const part of example.split(/ (?=--?[a-z]|[|<>])/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= width) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(last === undefined ? part : `    ${part}`);
  }
  return lines.join(' \\\n');
}

/** A command whose help begins with its examples. */
export class HelpfulCommand extends Command {
  examples: string[] = [];

  override createCommand(name?: string): HelpfulCommand {
    return new HelpfulCommand(name);
  }

  override createHelp(): Help {
    return new GroupedHelp();
  }
}

/** Help with the examples first, defaults and choices spelt out, and no description in a narrow column. */
class GroupedHelp extends Help {
  override showGlobalOptions = true;

  override commandDescription(command: Command): string {
    const { examples } = command as HelpfulCommand;
    const width = (this.helpWidth ?? 80) - 4;
    const lines = examples.map((example) => `$ ${brokenExample(example, width)}`.replace(/^/gm, '  '));
    return [command.description(), `${this.styleTitle('Examples:')}\n${lines.join('\n')}`].join('\n\n');
  }

  override subcommandTerm(command: Command): string {
    const args = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? ` <${name}>` : ` [${name}]`;
    });
    return `${command.name()}${args.join('')}`;
  }

  override optionDescription(option: CommanderOption): string {
    return option instanceof Flag ? aboutOf(option) : option.description;
  }

  override padWidth(command: Command, helper: Help): number {
    return Math.min(super.padWidth(command, helper), WIDEST_TERM);
  }

  override formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    if (this.displayWidth(term) <= termWidth) return super.formatItem(term, termWidth, description, helper);
    return `  ${term}\n${super.formatItem('', termWidth, description, helper)}`;
  }

  override styleTitle(title: string): string {
    // Commander removes the style again if the output is not a terminal or NO_COLOR is set.
    return pc.createColors(true).bold(title);
  }
}
