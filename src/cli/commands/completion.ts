import { unknownName } from '../../util/check.js';
import { type CommandSpec, command } from '../command.js';
import { type Flag, flagsOf } from '../options/flags.js';
import { descriptionOf } from '../options/help.js';

/** Completion for shells, made from the table of commands. */
export const completionCommand = (commands: () => readonly CommandSpec[]) =>
  command({
    name: 'completion',
    group: 'Set up and rehearse',
    args: { '<shell>': 'bash, zsh or fish' },
    summary: 'Print completion for a shell: bash, zsh or fish',
    options: {},
    examples: [
      'rareflow completion bash >> ~/.bashrc',
      'rareflow completion zsh >> ~/.zshrc',
      'rareflow completion fish > ~/.config/fish/completions/rareflow.fish',
    ],
    async run([shell = '']) {
      const write = scripts[shell];
      if (write === undefined) throw unknownName('shell with completion', shell, Object.keys(scripts));
      process.stdout.write(write(commands()));
      return 0;
    },
  });

/** The flags that have a long name, without hidden ones. */
const longFlags = ({ options }: CommandSpec): (Flag & { long: string })[] =>
  flagsOf(options).filter((flag): flag is Flag & { long: string } => flag.long != null && !flag.hidden);

/** The choices that complete the value of a flag. */
const choicesOf = ({ declared, turnsOff }: Flag) => (turnsOff ? undefined : declared.choices);

/** Completes commands first, then the flags of the command, the choices of a flag that has them, and files. */
function bash(commands: readonly CommandSpec[]): string {
  const flags = commands.map((spec) => {
    const names = [...longFlags(spec).map(({ long }) => long), '--config', '--no-config', '--help'];
    return `    ${spec.name}) flags="${names.join(' ')}" ;;`;
  });
  const flagsWith = new Map<string, string[]>();
  for (const spec of commands) {
    for (const flag of longFlags(spec)) {
      const words = choicesOf(flag)?.join(' ');
      if (words !== undefined) flagsWith.set(words, [...(flagsWith.get(words) ?? []), `"${spec.name} ${flag.long}"`]);
    }
  }
  const values = [...flagsWith].map(
    ([words, cases]) => `    ${cases.join(' | ')}) COMPREPLY=($(compgen -W "${words}" -- "$word")); return ;;`,
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
  const lines = commands.flatMap((spec) => [
    `complete -c rareflow -n __fish_use_subcommand -a ${spec.name} -d ${quote(spec.summary)}`,
    ...longFlags(spec).map((flag) => {
      const choices = choicesOf(flag);
      const values = choices === undefined ? (flag.required ? ' -r' : '') : ` -x -a ${quote(choices.join(' '))}`;
      const about = quote(descriptionOf(flag));
      return `complete -c rareflow -n '__fish_seen_subcommand_from ${spec.name}' -l ${flag.long.slice(2)} -d ${about}${values}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

const scripts: Record<string, (commands: readonly CommandSpec[]) => string> = { bash, zsh, fish };
