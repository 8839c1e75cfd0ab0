import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { snowballLanguages } from '../../../src/search/analysis/analyzerNames.js';
import { analyzerNamed, analyzerOfOption } from '../../../src/search/analysis/registry.js';
import { openIndex } from '../../../src/search/bm25Index.js';
import { buildIndex } from '../../../src/search/indexing/buildIndex.js';
import { workFolder } from '../helpers.js';

/** A text and a query for it; true if multilingual finds the text. */
const pairs: [name: string, text: string, query: string, found: boolean][] = [
  ['zero width space', '\u200bhello world', 'hello', true],
  ['zero width non-joiner', 'می\u200cخواهم کتاب', 'میخواهم', true],
  ['soft hyphen', 'hyphen\u00adation rules', 'hyphenation', true],
  ['mark of direction', '\u200fשלום\u200f עולם', 'שלום', true],
  ['isolates of direction inside', 'אב\u2068גד', 'אבגד', true],
  ['byte order mark', '\ufeffgranite rock', 'granite', true],
  ['decomposed and composed', 'cafe\u0301 noir', 'café', true],
  ['accents are kept', 'café noir', 'cafe', false],
  ['ligature', 'e\ufb03cient algorithms', 'efficient', true],
  ['full width', 'ＡＢＣ　ｔｅｓｔ１２３', 'abc test123', true],
  ['capital ß', 'STRAẞE', 'strasse', true],
  ['ß', 'Straße in Berlin', 'STRASSE', true],
  ['umlauts are kept', 'Müller Bäckerei', 'mueller', false],
  ['final sigma', 'ΟΔΥΣΣΕΥΣ ταξίδι', 'οδυσσευς', true],
  ['Greek capitals without tonos', 'ΑΝΆΓΚΗ ΘΕΡΜΌΤΗΤΑΣ', 'αναγκη', true],
  ['Greek diaeresis', 'Ευβοϊκός', 'ΕΥΒΟΙΚΟΣ', true],
  ['decomposed Greek', 'λόγος', 'λογος', true],
  ['İ', 'İstanbul şehri', 'istanbul', true],
  ['ı', 'SICAK', 'sıcak', true],
  ['ё', 'счётчик', 'СЧЕТЧИК', true],
  ['Arabic short vowels', 'كِتَابٌ جديد', 'كتاب', true],
  ['Arabic forms of alef', 'إسلام تاريخ', 'اسلام', true],
  ['Arabic tatweel', 'محـــمد رسول', 'محمد', true],
  ['Persian letters', 'کتاب', 'كتاب', true],
  ['Hebrew points', 'שָׁלוֹם עולם', 'שלום', true],
  ['Cyrillic stress', 'Михаи\u0301л Булгаков', 'Михаил', true],
  ['й is a letter of its own', 'мои\u0306', 'мои', false],
  ['curly and straight apostrophe', 'O’Neil wrote', "O'Neil", true],
  ['French elision', 'L’avion décolle d’Orly', 'avion', true],
  ['French elision of qu', "qu'elle jusqu'ici", 'ici', true],
  ['Italian elision', 'dell’acqua', 'acqua', true],
  ['an English name with an apostrophe is whole', 'O’Neil wrote', 'Neil', false],
  ['Devanagari', 'हिन्दी भाषा', 'हिन्दी', true],
  ['Thai', 'ภาษาไทยเป็นภาษาที่สวยงาม', 'ภาษา', true],
  ['half-width Katakana', 'ｶﾀｶﾅ テスト', 'カタカナ', true],
  ['emoji of several', 'family 👨‍👩‍👧 here', '👨‍👩‍👧', true],
];
const multilingual = analyzerOfOption('multilingual');
for (const [name, text, query, found] of pairs) {
  test(`multilingual, ${name}: ${found ? 'found' : 'not found'}`, () => {
    const terms = new Set(multilingual.tokens(text));
    const asked = multilingual.tokens(query);
    assert.equal(asked.length > 0 && asked.every((term) => terms.has(term)), found, `${[...terms]} / ${asked}`);
  });
}

test('no term of multilingual is empty or holds a mark that is not drawn', () => {
  const marks = '\u00ad\u200b\u200c\u200d\u200e\u2066\ufeff';
  const terms = multilingual.tokens(`a${marks}b ${marks} كـ ${marks}1 ـ l' d’ x`);
  assert.deepEqual(
    terms.filter((term) => term === '' || /\p{Cf}/u.test(term)),
    [],
    JSON.stringify(terms),
  );
});

const stems: [language: string, a: string, b: string][] = [
  ['french', 'L’économie continuellement', 'économies'],
  ['german', 'Häuser', 'Haus'],
  ['spanish', 'gatos', 'gato'],
  ['italian', 'dell’abbandonata', 'abbandonato'],
  ['portuguese', 'bicicletas', 'bicicleta'],
  ['russian', 'книгами', 'книга'],
  ['swedish', 'katterna', 'katten'],
  ['dutch', 'katten', 'kat'],
  ['finnish', 'talossa', 'talosta'],
  ['hungarian', 'házakban', 'házak'],
  ['turkish', 'kitaplardan', 'kitap'],
  ['turkish', 'KIRMIZI', 'kırmızı'],
  ['turkish', 'İZMİR’DEN', 'İzmir'],
  ['greek', 'ΘΆΛΑΣΣΑ', 'θαλασσα'],
  ['arabic', 'الكتاب', 'كتاب'],
];
for (const [language, a, b] of stems) {
  test(`${language} finds ${a} by ${b}`, () => {
    const analyzer = analyzerOfOption(language);
    const terms = analyzer.tokens(a);
    assert.ok(
      analyzer.tokens(b).every((term) => terms.includes(term)),
      `${terms} / ${analyzer.tokens(b)}`,
    );
  });
}

test('every language has a stemmer, whose stems of a word are the same whatever came before', () => {
  const words = 'Straße économies книгами kitaplardan الكتاب लड़कियां klostren 深度学习 2026 x';
  for (const language of snowballLanguages) {
    const analyzer = analyzerNamed(language);
    const first = analyzer.tokens(words);
    assert.ok(first.length >= 12 && first.every((term) => term !== ''), language);
    assert.deepEqual(analyzer.tokens(`other terms ${words}`).slice(-first.length), first, language);
    assert.ok(first.includes('深度') && first.includes('2026'), language);
  }
});

test('an index names its analyzer: the language, or the version of multilingual, and a former one is searched with its own terms', async (t) => {
  const folder = await workFolder(t);
  const documents = [{ id: 'd', text: 'L’avion décolle, καλημέρα' }];
  const names: unknown[] = [];
  for (const analyzer of ['french', 'multilingual', analyzerNamed('multilingual'), analyzerNamed('multilingual-2')]) {
    const target = path.join(folder, `${names.length}.bm25`);
    names.push((await buildIndex(documents, target, { analyzer })).analyzer);
    for (const option of [undefined, names.length === 1 ? 'french' : 'multilingual']) {
      await using index = await openIndex(target, { analyzer: option });
      const found = async (query: string) => (await index.search(query)).length > 0;
      const isFormer = names.length > 2;
      assert.equal(await found('avion'), names.at(-1) !== 'multilingual', String(names));
      assert.deepEqual([await found('l’avion'), await found('ΚΑΛΗΜΕΡΑ')], [true, !isFormer], String(names));
    }
  }
  assert.deepEqual(names, ['french', 'multilingual-3', 'multilingual', 'multilingual-2']);
  assert.throws(() => analyzerOfOption('klingon'), /klingon/);
});
