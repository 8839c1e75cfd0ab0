import { Command, Help, type Option } from 'commander';
import pc from 'picocolors';

/** Terms that are wider stand on a line of their own, so that their descriptions have room. */
const widestTerm = 26;

/** What holds where an option is not given, in words; undefined where nothing is to be said. */
export function defaultOf({ defaultValueDescription, defaultValue }: Option): string | undefined {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  return defaultValue === undefined || typeof defaultValue === 'boolean' ? undefined : String(defaultValue);
}

/** The description of an option with its choices, where the words do not name them all. */
export function descriptionOf({ description, argChoices = [] }: Option): string {
  const words = new Set(description.match(/[\w+-]+/g));
  return argChoices.every((choice) => words.has(choice)) ? description : `${description}: ${listed(argChoices)}`;
}

/** The same, with its default. */
export function aboutOf(option: Option): string {
  const otherwise = defaultOf(option);
  return `${descriptionOf(option)}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`;
}

/** `a`, `a or b`, `a, b or c` */
function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]+)$/, ' or $1');
}

/** Words in lines of at most `width`, where they can be. */
export const wrapped = (words: string, width: number): string[] => new Help().boxWrap(words, width).split('\n');

/** An example broken before flags, pipes and redirections as a shell takes it, its lines at most `width` long where they can be. */
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

/** Examples first, defaults and choices in words, and no description in a narrow column. */
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

  override optionDescription(option: Option): string {
    return aboutOf(option);
  }

  override padWidth(command: Command, helper: Help): number {
    return Math.min(super.padWidth(command, helper), widestTerm);
  }

  override formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    if (this.displayWidth(term) <= termWidth) return super.formatItem(term, termWidth, description, helper);
    return `  ${term}\n${super.formatItem('', termWidth, description, helper)}`;
  }

  override styleTitle(title: string): string {
    // Commander takes the style out again where the output is no terminal or NO_COLOR is set.
    return pc.createColors(true).bold(title);
  }
}
