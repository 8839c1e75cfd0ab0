import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { partAnswer } from '../../../src/answers/partAnswer.js';
import { type Doc2QueryAnswer, parseDoc2Query } from '../../../src/operators/doc2Query/queryAnswer.js';

const folder = path.resolve(import.meta.dirname, '../../fixtures/field/answers');

/** Reads an answer as doc2query does. */
function readAnswer(raw: string): Doc2QueryAnswer {
  return parseDoc2Query(partAnswer(raw).text);
}

const tides = ['Why do tides lag?', 'A pilot plans.'] as const;
const trip = ['Why do tides lag?', 'A pilot plans a trip.'] as const;
const chinese = ['为什么大潮会滞后于满月？', '一位港务长在安排船期。'] as const;
const askAgain = 'ask again';

/** The question and the scenario meant, or that the model must be asked again. */
const wanted: Record<string, readonly [question: string, scenario: string] | typeof askAgain> = {
  brace_in_single: ['Why is the set open?', 'A class.'],
  camel: trip,
  caps: trip,
  cn_inner_quotes: ['为什么"大潮"会滞后于满月？', '一位港务长在安排船期。'],
  cn_punct: chinese,
  cn_quotes_delims: chinese,
  comments: tides,
  concat_str: tides,
  double_object: ['Final: why does the lag grow in shallow basins?', 'A pilot plans.'],
  echo_schema: askAgain,
  extra_brace: tides,
  harmony: tides,
  im_end: tides,
  im_end_inside: tides,
  inner_quotes_en: [
    'Why is the "age of the tide" longer in shallow basins, and what follows for "neap" dates?',
    'A harbour master reads "spring" in a table.',
  ],
  json_in_string: tides,
  latex_frac_valid_escape: [
    'If the damping factor \\beta doubles while \\theta stays fixed, how does the ratio \\frac{\\nu}{\\tau} change, and \\rho with it?',
    'An engineer tunes a \\text{mass-spring} rig with $\\nabla V = 0$.',
  ],
  latex_mixed_escape: [
    'Given $\\sigma(x) = \\frac{1}{1+e^{-x}}$ and $\\alpha > 0$, what follows for $\\beta$?',
    'A student computes $\\times$ and $\\frac{a}{b}$.',
  ],
  latex_u: ['What does \\underbrace{a+b} tell about \\mathrm{F}_1?', 'A student reads \\(K_\\alpha\\) lines.'],
  md_emph: tides,
  missing_comma: tides,
  missing_last_brace: trip,
  nbsp: tides,
  no_wrapper: trip,
  null_hq: askAgain,
  placeholder: askAgain,
  python_dict: ["Why does the company's tide table lag?", 'A pilot plans a trip.'],
  python_dict_apos: ["Why doesn't the tide's peak match the Moon's phase?", 'A pilot plans a trip.'],
  raw_newline: ['Why do springs\nlag the Moon?', 'A harbour\tmaster plans.'],
  scenario_null: askAgain,
  several_objects: tides,
  string_hq: trip,
  think_then_json: tides,
  think_unclosed: askAgain,
  tool_call: tides,
  top_level_list: trip,
  trailing_commentary: tides,
  truncated: askAgain,
  unicode_surr: ['Why do tides lag \ufffd?', 'A pilot 🌊 plans.'],
  windows_path: ['Why does C:\\temp\\new_files fail while C:\\Users\\bob works?', 'An admin of a file server.'],
  xml_wrapped: tides,
};

test('every answer of the field is in the table', () => {
  assert.deepEqual(
    readdirSync(folder)
      .map((file) => path.basename(file, '.txt'))
      .sort(),
    Object.keys(wanted).sort(),
  );
});

for (const [name, meant] of Object.entries(wanted)) {
  test(`an answer of the field is ${meant === askAgain ? 'asked for again' : 'read as it is meant'}: ${name}`, () => {
    const read = readAnswer(readFileSync(path.join(folder, `${name}.txt`), 'utf8'));
    if (meant === askAgain) {
      assert.equal(read.ok, false);
      return;
    }
    assert.deepEqual(read.ok ? read.queries : read.reason, [{ question: meant[0], scenario: meant[1] }]);
  });
}
