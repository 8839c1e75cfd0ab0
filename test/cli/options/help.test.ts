import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { commands } from '../../../src/cli/commands.js';
import { defaultOf, descriptionOf } from '../../../src/cli/options/help.js';
import { groups } from '../../../src/cli/options/option.js';
import { withReference } from '../../../src/cli/options/reference.js';
import { programOf } from '../../../src/cli/program.js';
import { root, runCommand } from '../../support/command.js';

test('the README holds the reference of the commands as they are', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  assert.equal(readme, withReference(readme, commands), 'to mend it: npm run reference');
});

test('an option under a heading is the same in every command that has it', () => {
  const known = new Map<string, string>();
  for (const { name, options } of commands) {
    for (const option of options) {
      const { helpGroupHeading: heading } = option;
      if (heading === undefined) continue;
      assert.ok(
        groups.some((group) => `${group}:` === heading),
        `${name}: no group is called ${heading}`,
      );
      const place = `${heading} ${option.flags}`;
      const told = [descriptionOf(option), defaultOf(option)].join('\n');
      assert.equal(told, known.get(place) ?? told, name);
      known.set(place, told);
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

test('a slip in a command is refused with what was meant', async () => {
  const { code, stderr } = await runCommand(['exprot']);
  assert.equal(code, 2);
  assert.equal(stderr, "rareflow: unknown command 'exprot' (Did you mean export?)\n");
});
