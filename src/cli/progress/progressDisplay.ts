import pc from 'picocolors';
import stringWidth from 'string-width';
import { fitText } from './fitText.js';
import { isDumb, say, sayThrough } from './terminal.js';

export interface Line {
  text: string;
  tone?: 'quiet' | 'warning';
}

/** How far something is: as lines of a terminal, and as one line of a log. */
export interface Picture {
  lines(columns: number): Line[];
  line(): string;
}

export interface ProgressDisplay {
  /** How often it wants to be shown something new. */
  intervalMs: number;
  show(picture: Picture): void;
  /** Leaves the terminal as it was, for what is printed next. */
  end(): void;
}

/**
 * Lines that are redrawn in place on a terminal; a plain line every 10 s otherwise, and where `redraw` is false because
 * records are printed on the same terminal.
 */
export function progressDisplay({ stream = process.stderr, redraw = true } = {}): ProgressDisplay {
  return stream.isTTY && redraw && !isDumb() ? redrawnLines(stream) : plainLines();
}

/** A picture of a few words, and of the share that is done, from 0 to 1, where it is known. */
export function wordsPicture(words: string, share?: number): Picture {
  return {
    lines: (columns) => [{ text: `${bar(share, columns)}${words}` }],
    line: () => `${share === undefined ? '' : `${percent(share)}, `}${words}`,
  };
}

/** `████░░░░  52 %, ` */
export function bar(share: number | undefined, columns: number): string {
  if (share === undefined) return '';
  const cells = columns < 60 ? 8 : 20;
  const filled = Math.floor(share * cells);
  return `${'█'.repeat(filled)}${'░'.repeat(cells - filled)} ${percent(share).padStart(5)}, `;
}

/** `52 %`; all of it only at the very end. */
export const percent = (share: number): string => `${Math.floor(share * 100)} %`;

function plainLines(): ProgressDisplay {
  let lastMs = performance.now();
  return {
    intervalMs: 10_000,
    show(picture) {
      if (performance.now() - lastMs < 9_500) return;
      lastMs = performance.now();
      say(`rareflow: ${picture.line()}`);
    },
    end: () => {},
  };
}

const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

/** Each time one write, over what is there and never to the last column: nothing flickers and no line wraps. */
function redrawnLines(stream: NodeJS.WriteStream): ProgressDisplay {
  const { dim, yellow } = pc.createColors(!process.env.NO_COLOR);
  const colors = { quiet: dim, warning: yellow };
  let drawn: Line[] = [];

  /** To the first of the lines that were drawn; where the terminal has become narrower, they take more rows now. */
  const toTop = () => {
    const columns = stream.columns || 80;
    const rows = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(stringWidth(text) / columns)), 0);
    return rows === 0 ? '' : `\x1b[${rows}F`;
  };
  const drawing = () =>
    drawn.map(({ text, tone }) => `${tone ? colors[tone](text) : text}${clearToEndOfLine}\n`).join('') + clearBelow;

  sayThrough((text) => stream.write(`${toTop()}${clearBelow}${text}${drawing()}`));
  return {
    intervalMs: 250,
    show(picture) {
      const columns = Math.max(1, (stream.columns || 80) - 1);
      const top = toTop();
      drawn = picture
        .lines(columns)
        .slice(0, Math.max(1, (stream.rows || 24) - 1))
        .map(({ text, ...line }) => ({ text: fitText(text, columns), ...line }));
      stream.write(`${top}${drawing()}`);
    },
    end() {
      sayThrough(undefined);
      if (drawn.length > 0) stream.write(`${toTop()}${clearBelow}`);
      drawn = [];
    },
  };
}
