import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PageAssets } from './bundlePage.js';
import type { ReportData } from './reportData.js';
import type { ViewData } from './viewData.js';

/** The script and the style of the page, as the build bundled them. Run from source, they are bundled here. */
async function readAssets(): Promise<PageAssets> {
  const folder = new URL('page/', import.meta.url);
  if (import.meta.url.endsWith('.ts')) {
    const { bundlePage } = await import('./bundlePage.js');
    return bundlePage(fileURLToPath(folder));
  }
  const [script, style] = await Promise.all(
    ['page.js', 'page.css'].map((name) => readFile(new URL(name, folder), 'utf8')),
  );
  return { script: script as string, style: style as string };
}

/**
 * Returns the page as HTML. It holds the data as JSON with every `<` escaped, in a block that browsers do not run. The policy
 * allows only the page's own script and style, by their hashes, and requests only to the origin of the page of `view`.
 */
export async function pageOf(data: ReportData | ViewData): Promise<string> {
  const { script, style } = await readAssets();
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(style, script, data.kind)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>rareflow</title>
<style>${style}</style>
</head>
<body>
<noscript>This page needs its own script. Please allow it to run; it makes no request to the network.</noscript>
<script type="application/json" id="data">${json}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

function contentPolicy(style: string, script: string, kind: 'report' | 'view'): string {
  const connect = kind === 'view' ? "; connect-src 'self'" : '';
  return `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; img-src data:${connect}; base-uri 'none'; form-action 'none'`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
