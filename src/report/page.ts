import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ReportData } from './reportData.js';
import type { ViewData } from './viewData.js';

/** The page's own code: modules in the order that they need each other, joined to one script. */
const modules = [
  ...['dom', 'format', 'charts', 'words', 'record', 'matches', 'rowList', 'filterForm', 'browser', 'sections'],
  ...['sources', 'frame', 'main'],
];

const assetText = (name: string) => readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');

/** `import` and `export` go: joined, the modules share one scope. */
function script(): string {
  const texts = modules.map((name) => assetText(`${name}.js`));
  const joined = texts.map((text) => text.replace(/^import [^;]*;\n/gm, '').replace(/^export /gm, ''));
  return joined.join('\n');
}

/**
 * The page as HTML. Data are in it as JSON with every `<` escaped, in a block that browsers do not run; the policy lets no
 * script and style run but our own, by their hashes, and nothing be fetched but from where the page itself came.
 */
export function pageOf(data: ReportData | ViewData): string {
  const css = assetText('page.css');
  const code = script();
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${pagePolicy(css, code, data.kind)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>rareflow</title>
<style>${css}</style>
</head>
<body>
<noscript>This page is drawn by its own script: allow it to run. It asks nothing of the network.</noscript>
<script type="application/json" id="data">${json}</script>
<script type="module">${code}</script>
</body>
</html>
`;
}

function pagePolicy(css: string, code: string, kind: 'report' | 'view'): string {
  const connect = kind === 'view' ? "; connect-src 'self'" : '';
  return `default-src 'none'; script-src '${hashOf(code)}'; style-src '${hashOf(css)}'; img-src data:${connect}; base-uri 'none'; form-action 'none'`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
