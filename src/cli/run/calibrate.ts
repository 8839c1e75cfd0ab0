import { closeSync, openSync, writeSync } from 'node:fs';
import type { VerdictsOf } from '../../chain/calibrateFile.js';
import type { Calibration, Estimated } from '../../chain/calibration.js';
import { ExitCode, InputError, UsageError } from '../../errors.js';
import { text } from '../../util/options.js';
import { formatCount, say } from '../progress/terminal.js';

/** The option of a judge that is compared with people. */
export const calibrateOption = text({
  help: 'compare the verdicts with those of people under this key, print the agreement, and write OUTPUT.disagreements.jsonl; implies --annotate',
  placeholder: '<key>',
  shapesRecords: false,
});

/** Throws UsageError for a calibration without an output file. */
export function requireOutput(calibrate: string | undefined, output: string | undefined): void {
  if (calibrate === undefined || (output !== undefined && output !== '' && output !== '-')) return;
  throw new UsageError('--calibrate needs -o FILE');
}

/** Prints the agreement of the judge in an output with people, and writes the records on which they disagree. */
export async function printCalibration(
  output: string,
  verdicts: { human: VerdictsOf; judge: VerdictsOf },
  key: string,
): Promise<number> {
  const { calibrateFile } = await import('../../chain/calibrateFile.js');
  const path = `${output.replace(/\.jsonl$/, '')}.disagreements.jsonl`;
  const file = openSync(path, 'w');
  try {
    const { criteria, disagreements } = await calibrateFile(output, verdicts, (record, differing) => {
      writeSync(file, `${JSON.stringify({ ...record, disagreements: differing })}\n`);
    });
    const known = Object.entries(criteria).filter(([, one]) => labelledRows(one) > 0);
    if (known.length === 0) {
      const hint =
        'true or false by criterion, {"answerable": true, …}; for negatives a list in their order, ["no", "answers", …]';
      throw new InputError(`no record has verdicts of people under the key "${key}"`, { path: output, hint });
    }
    for (const [name, one] of known) for (const line of calibrationLines(name, one)) say(line);
    say(`rareflow: ${formatCount(disagreements)} records on which they disagree: ${path}`);
  } finally {
    closeSync(file);
  }
  return ExitCode.done;
}

const labelledRows = ({ truePositives, falsePositives, trueNegatives, falseNegatives }: Calibration) =>
  truePositives + falsePositives + trueNegatives + falseNegatives;

function calibrationLines(name: string, made: Calibration): string[] {
  const { truePositives, falsePositives, trueNegatives, falseNegatives, tpr, tnr, kappa } = made;
  return [
    `rareflow: ${name}: ${formatCount(labelledRows(made))} labelled`,
    `  both true ${truePositives}, both false ${trueNegatives}, only judge ${falsePositives}, only people ${falseNegatives}`,
    `  TPR ${withInterval(tpr)}, TNR ${withInterval(tnr)}, kappa ${withInterval(kappa)}`,
    `  true by the judge ${made.judgedRate.toFixed(2)}, corrected ${withInterval(made.correctedRate)}`,
  ];
}

/** `0.90 (0.78 to 0.96)`; `unknown` if the labelled rows do not give it. */
function withInterval(estimated: Estimated | undefined): string {
  if (estimated === undefined) return 'unknown';
  const { value, low, high } = estimated;
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
