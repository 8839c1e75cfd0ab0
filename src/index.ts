export {
  ExitCode,
  IndexError,
  InputError,
  ModelError,
  OutputError,
  RareflowError,
  RejectError,
  StoreError,
  UsageError,
} from './errors.js';
export { type ExportOptions, exportRecords } from './export/exportRecords.js';
export type { FormatName, Part } from './export/formats.js';
export { drain } from './flow/drain.js';
export { fromDuplex, toDuplex } from './flow/duplex.js';
export type { DurableSink } from './flow/durableSink.js';
export { type MapConcurrentOptions, mapConcurrent, type WorkContext } from './flow/mapConcurrent.js';
export { type Operator, type OperatorContext, operator, type TransformContext } from './flow/operator.js';
export { inPlaceOf } from './flow/ordinal.js';
export type { Position, ResumeFrom } from './flow/position.js';
export { type Rejects, warnOfReject } from './flow/rejects.js';
export type { Input } from './io/input.js';
export { type JsonlFileOptions, jsonlFile } from './io/jsonlFile.js';
export { readJsonArray } from './io/readJsonArray.js';
export { readJsonl } from './io/readJsonl.js';
export { readRecords } from './io/readRecords.js';
export type { ReadOptions, RecordStream } from './io/recordStream.js';
export { type WriteJsonlOptions, writeJsonl } from './io/writeJsonl.js';
export { type RejectsFile, writeRejects } from './io/writeRejects.js';
export type { BudgetState } from './llm/budget.js';
export type {
  AnswerSchema,
  ChatMessage,
  ChatModel,
  ChatRequest,
  Completion,
  Thinking,
  Usage,
} from './llm/chatModel.js';
export { createModel, type ModelOptions, type ModelUsage, type RareflowModel } from './llm/createModel.js';
export type { Prices } from './llm/prices.js';
export type { StructuredOutput } from './llm/structuredOutput.js';
export type { UsageSnapshot, UsageTotals } from './llm/usage.js';
export { type Bm25HardNegOptions, bm25HardNeg } from './operators/bm25HardNeg.js';
export { type Doc2QueryOptions, doc2Query } from './operators/doc2Query.js';
export type { PromptLanguage } from './operators/language.js';
export type { Profile } from './operators/negatives/profiles.js';
export type { NegativeRules, Sampling } from './operators/negatives/rules.js';
export type { ModelProvenance } from './operators/provenance.js';
export { type ReasonDistillOptions, reasonDistill } from './operators/reasonDistill.js';
export {
  type Added,
  type InputKey,
  type RecordOptions,
  type RecordStage,
  type Refusal,
  recordOperator,
  textListProblem,
  textProblem,
} from './operators/recordOperator.js';
export type { PromptOptions, PromptTemplate } from './operators/template.js';
export type { Checkpoint } from './pipeline/checkpoint.js';
export type { Eta } from './pipeline/eta.js';
export { type PipelineOptions, type PipelineStage, runPipeline, type SourceContext } from './pipeline/runPipeline.js';
export { type RunSettings, type RunState, RunStore } from './pipeline/runStore.js';
export type { RunProgress, StageCounts } from './pipeline/tally.js';
export { type DataRecord, defaultKeys, type Reject } from './record.js';
export { makeReport, type Report, type ReportOptions } from './report/makeReport.js';
export type { Analyzer, AnalyzerOption } from './search/analyzer.js';
export { type Bm25Index, openIndex } from './search/bm25Index.js';
export { Bm25Storage, bm25Options } from './search/bm25Storage.js';
export { type BuildOptions, type BuildStats, buildIndex } from './search/buildIndex.js';
export type { Hit, Searcher, SearchOptions, Weighting } from './search/searcher.js';
export { type FaultName, type FaultRates, faultNames, passingFaults, spreadOver } from './standIn/faults.js';
export type { Ledger, LedgerCall, LedgerSums } from './standIn/ledger.js';
export { type ProfileName, profileNames } from './standIn/profiles/all.js';
export { type StandIn, type StandInOptions, startStandIn } from './standIn/server.js';
