import { type DataRecord, defaultKeys } from '../record.js';

/** Documents to try a model on, if there are none at hand. */
export const trialDocuments: readonly DataRecord[] = [
  'A loaf rises because yeast turns sugar into carbon dioxide, which the net of gluten holds in. In a cold kitchen the yeast works slowly, and acids that give flavour have time to form; in a warm one the dough is ready in an hour and tastes of little.',
  'The Moon pulls more strongly on the near side of the Earth than on the far side. The difference stretches the oceans in two bulges, so most coasts see two high tides a day. At full and new moon the Sun pulls along the same line, and the tides are higher.',
  'A suspension bridge carries its deck on hangers, these on cables, and the cables pull at anchors in the ground. The towers are only pressed. That is why a rope bridge can span a gorge without a support in the middle, and a row of bricks cannot.',
  'In a binary search each comparison halves the range that can hold a key, so a million sorted entries need twenty comparisons. If the entries are not sorted, the search may end with nothing although the key is there.',
  '茶叶采下后若立刻加热，酶失去活性，叶子保持绿色，制成绿茶；若先让叶子萎凋、揉捻，酶与空气接触使多酚氧化，叶色变深，制成红茶。因此同一棵茶树可以做出两种茶。',
].map((text, at) => ({ [defaultKeys.id]: `trial-${at + 1}`, [defaultKeys.text]: text }));
