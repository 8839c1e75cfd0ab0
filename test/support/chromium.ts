import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** The reason why tests in a browser are skipped; false if they are not. */
export const noChromium = existsSync(executablePath) ? false : `no ${executablePath}: apt-get install -y chromium`;

let browser: Promise<Browser> | undefined;

after(async () => (await browser)?.close());

export interface OpenPage {
  page: Page;
  /** Every address requested, in order. */
  requests: string[];
  /** The errors of the page's scripts, and what its policy refused. */
  problems: string[];
}

/** Opens an address in a new window; the tests of one file share the browser. */
export async function openPage(url: string, { width = 1280, height = 900, dark = false } = {}): Promise<OpenPage> {
  browser ??= chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
  });
  const context = await (await browser).newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const requests: string[] = [];
  const problems: string[] = [];
  await context.route('**/*', (route) => {
    requests.push(route.request().url());
    return route.continue();
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  await page.locator('.record').waitFor();
  return { page, requests, problems };
}

/** Returns the violations of WCAG 2.2 AA that axe-core calls serious or critical, as `rule: element`. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>(
    "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] })",
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 150)}`));
}

/** Saves a picture in the folder RAREFLOW_PICTURES, if it is set. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.RAREFLOW_PICTURES;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
