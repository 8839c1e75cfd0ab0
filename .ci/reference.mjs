// `npm run reference`: writes the reference in src/cli/README.md from the table of commands.
import { readFileSync, writeFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import { withReference } from '../src/cli/options/reference.ts';

const file = 'src/cli/README.md';
writeFileSync(file, withReference(readFileSync(file, 'utf8'), commands));
