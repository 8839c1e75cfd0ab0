import type { ProgressDisplay, ProgressView } from './progressView.js';
import { isDumb, say } from './terminal.js';

/**
 * Opens a display on stderr: lines that are redrawn on a terminal; otherwise, or if `redraw` is false because records are
 * printed on the same terminal, a plain line every 10 s.
 */
export async function openProgressDisplay({ stream = process.stderr, redraw = true } = {}): Promise<ProgressDisplay> {
  if (!stream.isTTY || !redraw || isDumb()) return plainLines();
  const { redrawnLines } = await import('./redrawnLines.js');
  return redrawnLines(stream);
}

/** Returns a view of a message and the share that is done, from 0 to 1, if it is known. */
export function messageView(message: string, share?: number): ProgressView {
  return {
    lines: (columns) => [{ text: `${bar(share, columns)}${message}` }],
    line: () => `${share === undefined ? '' : `${percent(share)}, `}${message}`,
  };
}

/** Returns a progress bar: `████░░░░  52 %, ` */
export function bar(share: number | undefined, columns: number): string {
  if (share === undefined) return '';
  const cells = columns < 60 ? 8 : 20;
  const filled = Math.floor(share * cells);
  return `${'█'.repeat(filled)}${'░'.repeat(cells - filled)} ${percent(share).padStart(5)}, `;
}

/** Formats a share, rounded down: `52 %`; 100 % means all of it. */
export const percent = (share: number): string => `${Math.floor(share * 100)} %`;

function plainLines(): ProgressDisplay {
  let lastMs = performance.now();
  return {
    intervalMs: 10_000,
    show(view) {
      if (performance.now() - lastMs < 9_500) return;
      lastMs = performance.now();
      say(`rareflow: ${view.line()}`);
    },
    end: () => {},
  };
}
