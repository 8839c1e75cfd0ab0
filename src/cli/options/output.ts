import { resumeOption } from '../../pipeline/checkpoint.js';
import { maxRejectShareOption } from '../../pipeline/rejectShare.js';
import { onOff, text, wholeNumber } from '../../util/options.js';
import { shardOptions } from './shards/shardOptions.js';

export const maxRejectsOption = wholeNumber({
  min: 0,
  help: 'exit with code 3 if more are rejected',
  defaultText: 'no limit',
  group: 'Output',
  shapesRecords: false,
});

/** The options of a progress report. */
export const progressOptions = {
  jsonProgress: onOff({
    help: 'write the progress and all messages to stderr as JSON, one object per line',
    group: 'Output',
    shapesRecords: false,
  }),
  metricsPort: wholeNumber({
    min: 0,
    help: "serve /metrics in Prometheus' format during the run; 0 takes a free port",
    defaultText: 'no metrics',
    group: 'Output',
    shapesRecords: false,
  }),
  metricsHost: text({
    help: 'the address to serve them at',
    placeholder: '<address>',
    defaultText: '127.0.0.1',
    group: 'Output',
    shapesRecords: false,
  }),
};

/** The options of the output: the files of records and rejects, and the treatment of an earlier run at the same output. */
export const outputOptions = {
  output: text({
    help: 'the file to write, in the form of its name: .jsonl, .json (an array), .csv, .tsv or .parquet, all but the last also .gz or .zst; it is named OUTPUT.partial until it is complete',
    placeholder: '<file>',
    short: 'o',
    defaultText: 'stdout',
    mayBeEmpty: true,
    group: 'Output',
    shapesRecords: false,
  }),
  rejects: text({
    help: 'the file for records that failed, each with its reason',
    placeholder: '<file>',
    defaultText: 'OUTPUT.rejects.jsonl, or stderr without -o',
    mayBeEmpty: true,
    group: 'Output',
    shapesRecords: false,
  }),
  maxRejects: maxRejectsOption,
  maxRejectShare: maxRejectShareOption,
  resume: { ...resumeOption, placeholder: '<how>' },
  retryRejects: onOff({
    help: 'retry the rejects of the finished run at the output, and merge the new records into it',
    group: 'Output',
    shapesRecords: false,
  }),
  ...shardOptions,
  ...progressOptions,
};

export const STEP_PREFIX = 'dataflow_cache_step';

/** The options of files of what each stage made. */
export const stepOptions = {
  stepFiles: text({
    help: 'also write what each stage made, in this folder: PREFIX_step1.jsonl and so on',
    placeholder: '<folder>',
    defaultText: 'none',
    group: 'Output',
    shapesRecords: false,
  }),
  stepPrefix: text({
    help: 'the beginning of the names of these files',
    placeholder: '<name>',
    default: STEP_PREFIX,
    group: 'Output',
    shapesRecords: false,
  }),
};

export const statsOption = onOff({ help: 'print the figures as one JSON line to stderr', shapesRecords: false });
