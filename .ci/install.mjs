// Runs before `npm start` and `npm test`: installs what the lock file asks for, where it is not installed yet.
import { execSync } from 'node:child_process';
import { statSync } from 'node:fs';

const modifiedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modifiedMs('node_modules/.package-lock.json') < modifiedMs('package-lock.json')) {
  console.error('installing what is missing (npm ci) …');
  execSync('npm ci --include=dev --no-audit --no-fund --loglevel=error', { stdio: ['ignore', 2, 2] });
}
