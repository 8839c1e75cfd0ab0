import { progressDisplay } from './progressDisplay.js';
import { jsonProgress } from './progressJson.js';
import { type RunView, runPicture } from './runPicture.js';
import { sayJson } from './terminal.js';

/** Shows how far a run is: to people, or to a program. */
export interface RunDisplay {
  /** How often it is to be shown the run. */
  intervalMs: number;
  show(view: RunView): void;
  /** The run is over: before anything is said about that. `view` is what came of it, where it had begun. */
  end(view: RunView | undefined, state: 'done' | 'stopped', reason?: string): void;
}

export function runDisplay({ json, redraw }: { json: boolean | undefined; redraw: boolean }): RunDisplay {
  if (json) {
    return {
      intervalMs: 1000,
      show: (view) => sayJson(jsonProgress(view)),
      end: (view, state, reason) => view && sayJson(jsonProgress(view, state, reason)),
    };
  }
  const display = progressDisplay({ redraw });
  return {
    // Metrics, rates and the end are of the last second, however seldom a line is shown.
    intervalMs: Math.min(1000, display.intervalMs),
    show: (view) => display.show(runPicture(view)),
    end: () => display.end(),
  };
}
