import { openProgressDisplay } from './progressDisplay.js';
import { jsonProgress } from './progressJson.js';
import { runTable } from './runTable.js';
import type { RunView } from './runView.js';
import { sayJson } from './terminal.js';

/** Shows the progress of a run to people, or to a program. */
export interface RunDisplay {
  /** The interval between two calls of `show`. */
  intervalMs: number;
  show(view: RunView): void;
  /** Ends the display before the end of the run is reported; `view` is its last state, if it has started. */
  end(view: RunView | undefined, state: 'done' | 'stopped', reason?: string): void;
}

export interface RunDisplayOptions {
  json: boolean | undefined;
  redraw: boolean;
}

/** Opens the display of a run on stderr. */
export async function openRunDisplay({ json, redraw }: RunDisplayOptions): Promise<RunDisplay> {
  if (json) {
    return {
      intervalMs: 1000,
      show: (view) => sayJson(jsonProgress(view)),
      end: (view, state, reason) => view && sayJson(jsonProgress(view, state, reason)),
    };
  }
  const display = await openProgressDisplay({ redraw });
  return {
    // Metrics, rates and the end are of the last second, however seldom a line is shown.
    intervalMs: Math.min(1000, display.intervalMs),
    show: (view) => display.show(runTable(view)),
    end: () => display.end(),
  };
}
