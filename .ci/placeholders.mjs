// Runs before `npm publish`, and refuses while package.json holds a placeholder. These fields are placeholders until the
// repository has an address: put it in the place of OWNER. README links work on npm by `repository`.
import { readFileSync } from 'node:fs';

const placeholders = ['homepage', 'repository', 'bugs'];

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const open = placeholders.filter((name) => JSON.stringify(manifest[name]).includes('OWNER'));
if (open.length > 0) {
  console.error(`package.json: ${open.join(', ')}: write the owner of the repository in the place of OWNER`);
  process.exitCode = 1;
}
