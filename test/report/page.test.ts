import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { from } from 'ix/asynciterable';
import { makeReport, type ReportOptions } from '../../src/report/makeReport.js';
import { noChromium, openPage, picture, seriousViolations } from '../support/chromium.js';
import { range } from '../support/sources.js';
import { workFolder } from '../support/workFolder.js';
import { madeRecord } from './madeRecord.js';

const inBrowser = { skip: noChromium };

/** A report on disk, as an address. */
async function reportAt(t: TestContext, records: unknown[], options: ReportOptions = {}): Promise<string> {
  const { html } = await makeReport(() => from(records), { title: 'out.jsonl', ...options });
  const file = path.join(workFolder(t), 'report.html');
  writeFileSync(file, html);
  return pathToFileURL(file).href;
}

const records = Array.from(range(120), (i) => ({
  ...madeRecord(i),
  ...(i % 40 === 7 && { question: `What does the document say about glacier ${i}?` }),
  ...(i % 30 === 4 && { question: `潮汐${i}为什么会随着月球的距离而变化？` }),
}));
const rejects = Array.from(range(9), (i) => ({
  stage: i % 3 === 0 ? 'doc2query' : 'reason_distill',
  reason: `the answer ${i} could not be read`,
  answer: 'I cannot.',
  record: { id: `r${i}`, text: `Rejected text ${i}.` },
}));
const summary = {
  ...{ state: 'done', in: 129, extra: 0, out: 120, rejected: 9, pending: 0, seconds: 95 },
  stages: [
    { name: 'doc2query', workSeconds: 94 },
    { name: 'bm25_hard_neg', workSeconds: 0.8 },
  ],
  usage: {
    byStage: {
      doc2query: {
        ...{ attempts: 140, attemptSeconds: 350, promptTokens: 14_000, completionTokens: 2800, costUsd: '0.0231' },
      },
    },
  },
};

test('the report makes no request, and its policy allows no other script', inBrowser, async (t) => {
  const url = await reportAt(t, records);
  const { page, requests, problems } = await openPage(url);
  assert.deepEqual(requests, [url]);
  assert.deepEqual(problems, []);
  const ran = await page.evaluate(`(async () => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    new Image().src = 'https://example.com/x.png';
    const fetched = await fetch('https://example.com/').catch(() => 'refused');
    return [typeof globalThis.ran, fetched];
  })()`);
  assert.deepEqual(ran, ['undefined', 'refused']);
  assert.deepEqual(requests, [url]);
});

test('the table of stages shows requests, tokens, cost and time if the run reported them', inBrowser, async (t) => {
  const { page } = await openPage(await reportAt(t, records, { summary }));
  const cells = (row: string) => page.locator('table.stages tr', { hasText: row }).locator('th, td').allTextContents();
  const heads = [
    'requests',
    'prompt tokens',
    'answer tokens',
    'cost',
    'active time',
    'time in requests',
    'per request',
  ];
  assert.deepEqual((await cells('requests')).slice(3, 10), heads);
  assert.deepEqual((await cells('doc2query')).slice(3, 10), [
    '140',
    '14,000',
    '2,800',
    '$0.0231',
    '1 min 34 s',
    '5 min 50 s',
    '2.5 s',
  ]);
  assert.deepEqual((await cells('bm25')).slice(7, 10), ['0.8 s', '–', '–']);
});

test('text of the data that looks like markup stays text', inBrowser, async (t) => {
  const nasty =
    '</script><script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 2"><b>bold</b>&amp;<!--';
  const everywhere = {
    ...{
      id: nasty,
      title: nasty,
      text: nasty,
      question: nasty,
      scenario: nasty,
      reasoning: nasty,
      hard_negatives: [nasty],
    },
    _rareflow: {
      [nasty]: { model: nasty, prompt: nasty, finishReason: nasty },
      bm25_hard_neg: { negatives: [{ id: nasty, rank: 1, score: 2 }], positive: { score: 3 } },
    },
  };
  const reject = { stage: nasty, reason: nasty, answer: nasty, record: everywhere };
  const options = { title: nasty, rejects: from([reject]), summary: { state: nasty, reason: nasty } };
  const { page, problems } = await openPage(await reportAt(t, [everywhere, everywhere], options));
  assert.deepEqual(problems, []);
  assert.equal(await page.evaluate('typeof globalThis.ran'), 'undefined');
  assert.equal(await page.locator('main img, main b, main script').count(), 0);
  assert.equal(await page.locator('.question').textContent(), nasty);
  assert.equal(await page.locator('h1').textContent(), nasty);
  assert.equal(await page.locator('.document.negative .text').textContent(), nasty);
  await page.locator('#search').fill('<B>BOLD</B>');
  await page.getByText('1–3 of 3').waitFor();
});

test('records are searched, filtered, paged and stepped through', inBrowser, async (t) => {
  const { page, problems } = await openPage(await reportAt(t, records, { rejects: from(rejects), sample: 200 }));
  const status = page.locator('.status');
  const question = page.locator('.record .question');
  await page.getByText('1–50 of 129').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('51–100 of 129').waitFor();
  await page.locator('.rows button').nth(3).click();
  await page.getByText('Record 54').waitFor();
  await page.getByRole('button', { name: 'Previous' }).click();
  await page.getByText('1–50 of 129').waitFor();
  assert.match((await question.textContent()) ?? '', /^Question 0:/);

  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.getByText('Record 2', { exact: true }).waitFor();
  assert.equal(await page.locator('.rows [aria-current]').count(), 1);
  await page.keyboard.press('/');
  await page.keyboard.type('GLACIER 47?');
  await page.getByText('1–1 of 1').waitFor();
  assert.equal(await question.textContent(), 'What does the document say about glacier 47?');
  assert.equal(await page.locator('.flags li').first().textContent(), 'mentions the document');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  assert.ok(await page.locator('dialog').isVisible());
  await page.keyboard.press('Escape');

  await page.locator('.findings li', { hasText: 'the document' }).getByRole('button').click();
  await page.getByText('1–3 of 3').waitFor();
  assert.equal(await page.locator('#warning').inputValue(), 'mentionsDocument');
  await page.locator('#warning').selectOption('');
  await page.locator('#state').selectOption('rejected by doc2query');
  await page.getByText('1–3 of 3').waitFor();
  assert.match(
    (await page.locator('.reject').textContent()) ?? '',
    /Rejected by doc2query.*could not be read.*I cannot\./,
  );
  await page.locator('#state').selectOption('');
  await page.locator('#language').selectOption('Chinese');
  await page.getByText('1–4 of 4').waitFor();
  await page.locator('#search').fill('no such words');
  await page.getByText('No record matches.').waitFor();
  assert.equal(await page.locator('.rows li').count(), 0);
  assert.deepEqual([await status.textContent(), problems], ['No record matches.', []]);
});

test('words shared with the question are marked, also in Chinese', inBrowser, async (t) => {
  const shared = [
    { ...madeRecord(1), question: 'How do tides rise?', text: 'A tide is rising there.', hard_negatives: ['Bread.'] },
    { ...madeRecord(2), question: '潮汐为什么变化？', text: '月球引起潮汐。', hard_negatives: ['面包。'] },
  ];
  const { page } = await openPage(await reportAt(t, shared));
  assert.deepEqual(await page.locator('.document.positive mark').allTextContents(), ['tide', 'rising']);
  assert.equal(await page.locator('.document.negative mark').count(), 0);
  await page.keyboard.press('j');
  await page.getByText('Record 2', { exact: true }).waitFor();
  assert.deepEqual(await page.locator('.document.positive mark').allTextContents(), ['潮汐']);
});

test('the report is accessible, and no wider than a phone, in light and dark', inBrowser, async (t) => {
  const url = await reportAt(t, records, { rejects: from(rejects), summary });
  for (const [name, width, dark] of [
    ['desktop-light', 1280, false],
    ['desktop-dark', 1280, true],
    ['phone-light', 390, false],
    ['phone-dark', 390, true],
  ] as const) {
    const { page, problems } = await openPage(url, { width, dark });
    if (name === 'desktop-light' || name === 'phone-dark') assert.deepEqual(await seriousViolations(page), [], name);
    assert.deepEqual(problems, [], name);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, name);
    const paper = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    assert.equal(paper, dark ? 'rgb(20, 22, 26)' : 'rgb(253, 252, 249)');
    await picture(page, `report-${name}`);
    if (name === 'desktop-light') {
      await page.locator('#theme').click();
      await page.locator('#theme').click();
      assert.equal(await page.evaluate('getComputedStyle(document.documentElement).colorScheme'), 'dark');
    }
    await page.context().close();
  }
});
