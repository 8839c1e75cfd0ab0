import assert from 'node:assert/strict';
import { appendFileSync, renameSync } from 'node:fs';
import { request } from 'node:http';
import test, { type TestContext } from 'node:test';
import { GrowingFile } from '../../src/io/read/growingFile.js';
import { startView } from '../../src/report/viewServer.js';
import { noChromium, openPage, picture, seriousViolations } from '../support/chromium.js';
import { range } from '../support/sources.js';
import { workFolder, writeRecords } from '../support/workFolder.js';
import { madeRecord } from './madeRecord.js';

async function viewOf(t: TestContext, file: string): Promise<string> {
  const records = new GrowingFile(file);
  const server = await startView(records, { title: 'out.jsonl' });
  t.after(async () => {
    await server.close();
    await records.close();
  });
  return server.url;
}

/** The status and the text that a request with these headers is answered with. */
function ask(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<[status: number | undefined, text: string]> {
  return new Promise((resolve, reject) => {
    request(url, { headers, method }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more) => {
        text += more;
      });
      response.on('end', () => resolve([response.statusCode, text]));
    })
      .on('error', reject)
      .end();
  });
}

test('view refuses another Host, other methods, and unknown pages', async (t) => {
  const url = await viewOf(t, writeRecords(workFolder(t), 'out.jsonl', Array.from(range(3), madeRecord)));
  const { port } = new URL(url);
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '0.0.0.0']) {
    assert.equal((await ask(`${url}api/rows`, { host }))[0], 403, host);
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    assert.equal((await ask(`${url}api/rows`, { host }))[0], 200, host);
  }
  assert.equal((await ask(url, {}, 'POST'))[0], 405);
  assert.equal((await ask(`${url}constructor`))[0], 404);
  assert.equal((await ask(`${url}../../etc/passwd`))[0], 404);
  assert.equal((await ask(`${url}api/record?number=4`))[0], 404);
  assert.match((await ask(`${url}api/record?number=3`))[1], /"id":"d2"/);
});

test('a search reads the whole file, reports its progress, and continues after its last match', async (t) => {
  const url = await viewOf(t, writeRecords(workFolder(t), 'out.jsonl', Array.from(range(9000), madeRecord)));
  const search = async (from: number) => {
    const [, text] = await ask(`${url}api/search?words=TITLE+77&from=${from}&count=5`);
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  const first = await search(0);
  assert.deepEqual(
    first.flatMap(({ row }) => row?.number ?? []),
    [78, 771, 772, 773, 774],
  );
  assert.deepEqual(first.at(-1), { scanned: 774, records: 9000, next: 774 });
  const second = await search(774);
  assert.deepEqual(
    second.flatMap(({ row }) => row?.number ?? []),
    [775, 776, 777, 778, 779],
  );
  const last = await search(7800);
  assert.deepEqual(last.at(-1), { scanned: 9000, records: 9000 });
  assert.ok(last.some(({ scanned }) => scanned === 8000 || scanned === 9000));
});

test('view shows a file page by page, searches it, and shows new records of a run', { skip: noChromium }, async (t) => {
  const folder = workFolder(t);
  const file = writeRecords(folder, 'out.jsonl.partial', Array.from(range(120), madeRecord));
  const url = await viewOf(t, file.replace(/\.partial$/, ''));
  const { page, requests, problems } = await openPage(url);
  await page.getByText('1–50 of 120').waitFor();
  await page.getByText('120 records, and a run is writing more').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('51–100 of 120').waitFor();
  await page.locator('#go-to').fill('117');
  await page.keyboard.press('Enter');
  await page.getByText('101–120 of 120').waitFor();
  await page.getByText('Record 117', { exact: true }).waitFor();

  appendFileSync(file, `${JSON.stringify({ ...madeRecord(120), question: 'Is <b>this</b> new?' })}\n`);
  await page.getByText('101–121 of 121').waitFor();
  await page.locator('.rows button').last().click();
  await page.getByText('Is <b>this</b> new?').last().waitFor();
  renameSync(file, file.replace(/\.partial$/, ''));
  await page.getByText('121 records. Words').waitFor();

  await page.locator('#search').fill('glacier 16 ');
  await page.getByText('1 found; 100 % of 121 records searched').waitFor();
  await page.getByText('Record 17', { exact: true }).waitFor();
  await page.locator('#search').fill('');
  await page.locator('#language').selectOption('Korean');
  await page.getByText('0 found').waitFor();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    requests.filter((asked) => !asked.startsWith(url)),
    [],
  );
});

test('view is accessible, and no wider than a phone, in light and dark', { skip: noChromium }, async (t) => {
  const url = await viewOf(t, writeRecords(workFolder(t), 'out.jsonl', Array.from(range(60), madeRecord)));
  for (const [name, width, dark] of [
    ['desktop-light', 1280, false],
    ['phone-dark', 390, true],
  ] as const) {
    const { page } = await openPage(url, { width, dark });
    assert.deepEqual(await seriousViolations(page), [], name);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, name);
    await picture(page, `view-${name}`);
    await page.context().close();
  }
});

test('several files have a page each, with links to the others', { skip: noChromium }, async (t) => {
  const folder = workFolder(t);
  const files = ['a.jsonl', 'b.jsonl'].map((name, index) => ({
    file: new GrowingFile(
      writeRecords(
        folder,
        name,
        Array.from(range(3 + index), (n) => madeRecord(n + 10 * index)),
      ),
    ),
    title: name,
  }));
  const server = await startView(files, { title: 'a.jsonl' });
  t.after(async () => {
    await server.close();
    for (const { file } of files) await file.close();
  });
  assert.match((await ask(`${server.url}api/record?number=1`))[1], /"id":"d0"/);
  assert.match((await ask(`${server.url}2/api/record?number=4`))[1], /"id":"d13"/);
  assert.equal((await ask(`${server.url}3/`))[0], 404);
  const { page, problems } = await openPage(server.url, { width: 390 });
  await page.getByRole('navigation', { name: 'Files' }).getByText('b.jsonl').click();
  await page.locator('.record').waitFor();
  assert.equal(await page.locator('h1').textContent(), 'b.jsonl');
  assert.equal(await page.locator('nav.files [aria-current]').textContent(), 'b.jsonl');
  assert.deepEqual(problems, []);
});
