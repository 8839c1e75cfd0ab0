import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { commands } from '../../../src/cli/commands.js';
import { flagsOf, groups } from '../../../src/cli/options/flags.js';
import { aboutOf } from '../../../src/cli/options/help.js';
import { withReference } from '../../../src/cli/options/reference.js';
import { programOf } from '../../../src/cli/program.js';
import { root, runCommand } from '../../support/command.js';

test('src/cli/README.md holds the current reference of the commands', () => {
  const readme = readFileSync(path.join(root, 'src/cli/README.md'), 'utf8');
  assert.equal(readme, withReference(readme, commands), 'run npm run reference');
});

test('an option under a heading is the same in every command that has it', () => {
  const known = new Map<string, string>();
  for (const { name, options } of commands) {
    for (const flag of flagsOf(options)) {
      const { group } = flag.declared;
      if (group === undefined || flag.hidden) continue;
      assert.ok(groups.includes(group), `${name}: no group is named ${group}`);
      const key = `${group} ${flag.flags}`;
      assert.equal(aboutOf(flag), known.get(key) ?? aboutOf(flag), name);
      known.set(key, aboutOf(flag));
    }
  }
});

for (const columns of [80, 120]) {
  test(`help begins with examples and keeps to ${columns} columns`, () => {
    const program = programOf(async () => {});
    for (const command of [program, ...program.commands]) {
      let help = '';
      const writeOut = (text: string) => {
        help += text;
      };
      command.configureOutput({ getOutHelpWidth: () => columns, writeOut });
      command.outputHelp();
      assert.match(help, /^Usage: rareflow .*\n\n[A-Z][^$]*\.\n\nExamples:\n {2}\$ rareflow /, command.name());
      const wide = help.split('\n').filter((line) => line.length > columns);
      assert.deepEqual(wide, [], command.name());
    }
  });
}

test('a misspelt command is refused with the nearest name', async () => {
  const { code, stderr } = await runCommand(['exprot']);
  assert.equal(code, 2);
  assert.equal(stderr, "rareflow: unknown command 'exprot' (Did you mean export?)\n");
});
