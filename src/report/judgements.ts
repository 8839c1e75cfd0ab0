import { type DataRecord, isRecord, questionCriteria } from '../record.js';

/** Counts the verdicts of judges in the records of a report. */
export class JudgementCounts {
  negatives = 0;
  answers = 0;
  partly = 0;
  readonly questions: Record<string, { judged: number; failed: number }> = {};

  add(record: DataRecord): void {
    const { negatives_judgement: negatives, question_judgement: question } = record;
    if (Array.isArray(negatives)) {
      for (const judged of negatives) {
        if (!isRecord(judged)) continue;
        this.negatives += 1;
        if (judged.verdict === 'answers') this.answers += 1;
        if (judged.verdict === 'partly') this.partly += 1;
      }
    }
    if (!isRecord(question)) return;
    for (const criterion of questionCriteria) {
      const judged = question[criterion];
      if (!isRecord(judged) || typeof judged.verdict !== 'boolean') continue;
      this.questions[criterion] ??= { judged: 0, failed: 0 };
      const counts = this.questions[criterion] as { judged: number; failed: number };
      counts.judged += 1;
      if (!judged.verdict) counts.failed += 1;
    }
  }
}
