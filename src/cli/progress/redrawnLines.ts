import pc from 'picocolors';
import stringWidth from 'string-width';
import { fitText } from './fitText.js';
import type { Line, ProgressDisplay } from './progressView.js';
import { sayThrough } from './terminal.js';

const CLEAR_TO_END_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Redraws lines on a terminal, each time in one write, over the old ones and never to the last column, so nothing flickers or wraps. */
export function redrawnLines(stream: NodeJS.WriteStream): ProgressDisplay {
  const { dim, yellow } = pc.createColors(!process.env.NO_COLOR);
  const colors = { quiet: dim, warning: yellow };
  let drawn: Line[] = [];

  /** Moves to the first of the drawn lines; if the terminal has become narrower, they take more rows now. */
  const toTop = () => {
    const columns = stream.columns || 80;
    const rows = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(stringWidth(text) / columns)), 0);
    return rows === 0 ? '' : `\x1b[${rows}F`;
  };
  const drawing = () =>
    drawn.map(({ text, tone }) => `${tone ? colors[tone](text) : text}${CLEAR_TO_END_OF_LINE}\n`).join('') +
    CLEAR_BELOW;

  sayThrough((text) => stream.write(`${toTop()}${CLEAR_BELOW}${text}${drawing()}`));
  return {
    intervalMs: 250,
    show(view) {
      const columns = Math.max(1, (stream.columns || 80) - 1);
      const top = toTop();
      drawn = view
        .lines(columns)
        .slice(0, Math.max(1, (stream.rows || 24) - 1))
        .map(({ text, ...line }) => ({ text: fitText(text, columns), ...line }));
      stream.write(`${top}${drawing()}`);
    },
    end() {
      sayThrough(undefined);
      if (drawn.length > 0) stream.write(`${toTop()}${CLEAR_BELOW}`);
      drawn = [];
    },
  };
}
