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
      for (const narrower of [1100, 961, 700]) {
        await page.setViewportSize({ width: narrower, height: 900 });
        const hidden =
          "document.querySelector('.scrolling').scrollWidth - document.querySelector('.scrolling').clientWidth";
        assert.equal(await page.evaluate(hidden), 0, `part of the table of stages is cut off at ${narrower}`);
      }
      await page.locator('#theme').click();
      await page.locator('#theme').click();
      assert.equal(await page.evaluate('getComputedStyle(document.documentElement).colorScheme'), 'dark');
    }
    await page.context().close();
  }
});

const judged = {
  ...madeRecord(1),
  positives: [{ id: 'p1', text: 'Another document that answers it.' }],
  question_judgement: {
    selfContained: { verdict: true, reason: 'it names its subject' },
    noLeak: { verdict: false, reason: 'it quotes the answer' },
  },
  _rareflow: {
    ...madeRecord(1)._rareflow,
    reason_distill: {
      model: 'm',
      samples: [
        { accepted: false, reason: 'not grounded' },
        { accepted: true, reason: 'grounded' },
      ],
    },
  },
};
const flows = [
  { name: 'filter_documents', taken: 9, extra: 0, given: 6, rejected: 3, workSeconds: 1 },
  { name: 'doc2query', taken: 6, extra: 6, given: 11, rejected: 1, workSeconds: 1 },
];

for (const width of [390, 500]) {
  test(
    `on a screen of ${width} pixels nothing is cut off, and the record follows the search at once`,
    inBrowser,
    async (t) => {
      const url = await reportAt(t, records, { summary: { ...summary, stages: [...summary.stages, ...flows] } });
      const { page } = await openPage(url, { width });
      const cut = await page.evaluate(`[...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('thead, .unseen'))
      .map((element) => element.outerHTML.slice(0, 80))`);
      assert.deepEqual(cut, []);
      const top = async (selector: string) => (await page.locator(selector).first().boundingBox())?.y ?? 0;
      assert.ok((await top('.record')) - (await top('#search')) < 420);
      assert.ok((await top('.record')) < (await top('#warnings')));
      await page.getByRole('button', { name: 'Filters' }).click();
      assert.ok(await page.locator('#warning').isVisible());
    },
  );
}

test('each stage of a run adds up: in + further = out + rejected', inBrowser, async (t) => {
  const url = await reportAt(t, records, { summary: { ...summary, stages: flows } });
  const { page } = await openPage(url);
  const cells = (name: string) => page.locator('.stages tr', { hasText: name }).locator('td').allTextContents();
  assert.deepEqual((await cells('filter documents')).slice(0, 4), ['9', '0', '6', '3']);
  assert.deepEqual((await cells('doc2query')).slice(0, 4), ['6', '6', '11', '1']);
});

test('a judged record shows its verdicts, its further positives and its samples', inBrowser, async (t) => {
  const { page } = await openPage(await reportAt(t, [judged]));
  const shown = await page.locator('.record').innerText();
  for (const text of [
    /Further positive 1\s+Another document that answers it\./,
    /self contained\s+yes · it names its subject/,
    /no leak\s+no · it quotes the answer/,
    /sample 1\s+refused · not grounded\s+sample 2\s+accepted · grounded/,
  ]) {
    assert.match(shown, text);
  }
});
