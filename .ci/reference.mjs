// `npm run reference`: writes the README's reference anew from the table of commands.
import { readFileSync, writeFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import { withReference } from '../src/cli/options/reference.ts';

writeFileSync('README.md', withReference(readFileSync('README.md', 'utf8'), commands));
