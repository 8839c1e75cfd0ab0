// Runs after tsc in `npm run build`: the scripts and the style of the report's page are read as they are, not compiled.
import { cpSync } from 'node:fs';

cpSync('src/report/page', 'dist/report/page', { recursive: true, filter: (path) => !path.endsWith('.json') });
