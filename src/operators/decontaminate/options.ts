import { choice, object } from '../../util/options.js';
import { keyOptions } from '../keyOptions.js';
import { recordOptions } from '../recordOptions.js';
import { BenchmarkNgrams } from './benchmarkNgrams.js';

export const decontaminateOptions = {
  benchmarks: object<BenchmarkNgrams>()(
    { help: 'the n-grams of the benchmarks', required: true },
    { expected: 'a BenchmarkNgrams', accepts: (value) => value instanceof BenchmarkNgrams },
  ),
  check: choice(['all', 'documents', 'questions'], {
    help: 'which texts are compared: questions and documents, or one of them',
    default: 'all',
    placeholder: '<what>',
  }),
  textKey: keyOptions.textKey,
  questionKey: keyOptions.questionKey,
  rejects: recordOptions.rejects,
};
