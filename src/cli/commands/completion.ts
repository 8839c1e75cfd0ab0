import { UsageError } from '../../errors.js';
import type { CommandSpec } from '../command.js';

/** Completion for shells, made from the table of commands. */
export function completionCommand(commands: () => readonly CommandSpec[]): CommandSpec {
  return {
    name: 'completion',
    group: 'Set up and rehearse',
    args: { '<shell>': 'bash, zsh or fish' },
    summary: 'Print completion for a shell: bash, zsh or fish',
    options: [],
    examples: [
      'rareflow completion bash >> ~/.bashrc',
      'rareflow completion zsh >> ~/.zshrc',
      'rareflow completion fish > ~/.config/fish/completions/rareflow.fish',
    ],
    async run([shell = '']: string[]) {
      const write = scripts[shell];
      if (write === undefined) {
        throw new UsageError(`there is no completion for ${shell}`, {
          hint: `take one of ${Object.keys(scripts).join(', ')}`,
        });
      }
      process.stdout.write(write(commands()));
      return 0;
    },
  };
}

const longFlags = ({ options }: CommandSpec) =>
  [...options.map(({ long }) => long), '--config', '--no-config', '--help'].filter((long) => long != null);

/** Commands first, then the flags of the command, the choices of a flag that has them, and files. */
function bash(commands: readonly CommandSpec[]): string {
  const flags = commands.map((spec) => `    ${spec.name}) flags="${longFlags(spec).join(' ')}" ;;`);
  const placesOf = new Map<string, string[]>();
  for (const { name, options } of commands) {
    for (const { long, argChoices } of options) {
      const words = argChoices?.join(' ');
      if (words !== undefined) placesOf.set(words, [...(placesOf.get(words) ?? []), `"${name} ${long}"`]);
    }
  }
  const values = [...placesOf].map(
    ([words, places]) => `    ${places.join(' | ')}) COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`,
  );
  return `_rareflow() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" flags=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ] || [ "$COMP_CWORD $before" = "2 help" ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]} $before" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${flags.join('\n')}
  esac
  if [ "\${word#-}" != "$word" ]; then COMPREPLY=($(compgen -W "$flags" -- "$word")); fi
}
complete -o default -F _rareflow rareflow
`;
}

function zsh(commands: readonly CommandSpec[]): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}

function fish(commands: readonly CommandSpec[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c rareflow -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...options
      .filter(({ long }) => long != null)
      .map(({ long, description, argChoices, required }) => {
        const values = argChoices === undefined ? (required ? ' -r' : '') : ` -x -a ${quote(argChoices.join(' '))}`;
        return `complete -c rareflow -n '__fish_seen_subcommand_from ${name}' -l ${long?.slice(2)} -d ${quote(description)}${values}`;
      }),
  ]);
  return `${lines.join('\n')}\n`;
}

const scripts: Record<string, (commands: readonly CommandSpec[]) => string> = { bash, zsh, fish };
