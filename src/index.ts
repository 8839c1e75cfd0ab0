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
export { type Rejects, warnOfReject } from './flow/rejects.js';
export type { Position, ResumeFrom } from './flow/resume.js';
export type { Input } from './io/read/input.js';
export { readJsonArray } from './io/read/readJsonArray.js';
export { readJsonl } from './io/read/readJsonl.js';
export { readRecords } from './io/read/readRecords.js';
export type { ReadOptions, RecordStream } from './io/read/recordStream.js';
export { type JsonlFileOptions, jsonlFile } from './io/write/durableJsonl.js';
export { type WriteJsonlOptions, writeJsonl } from './io/write/writeJsonl.js';
export { type RejectsFile, writeRejects } from './io/write/writeRejects.js';
export type {
  AnswerSchema,
  ChatMessage,
  ChatModel,
  ChatRequest,
  Completion,
  Thinking,
  Usage,
} from './llm/chatModel.js';
export type { Prices } from './llm/cost/prices.js';
export { createModel, type ModelOptions, type ModelUsage, type RareflowModel } from './llm/createModel.js';
export type { BudgetState } from './llm/middleware/budget.js';
export type { UsageSnapshot, UsageTotals } from './llm/middleware/usage.js';
export type { StructuredOutput } from './llm/openai/responseFormat.js';
export { type Bm25HardNegOptions, bm25HardNeg } from './operators/bm25HardNeg/bm25HardNeg.js';
export type { Profile } from './operators/bm25HardNeg/referenceTools.js';
export type { NegativeRules, Sampling } from './operators/bm25HardNeg/rules.js';
export { type Doc2QueryOptions, doc2Query } from './operators/doc2Query/doc2Query.js';
export type { ModelProvenance } from './operators/provenance.js';
export { type ReasonDistillOptions, reasonDistill } from './operators/reasonDistill/reasonDistill.js';
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
export type { RunProgress, StageCounts } from './pipeline/progress.js';
export { type PipelineOptions, type PipelineStage, runPipeline, type SourceContext } from './pipeline/runPipeline.js';
export { type RunSettings, type RunState, RunStore } from './pipeline/runStore.js';
export { type DataRecord, defaultKeys, type Reject } from './record.js';
export { makeReport, type Report, type ReportOptions } from './report/makeReport.js';
export type { Analyzer, AnalyzerOption } from './search/analysis/analyzer.js';
export { type Bm25Index, openIndex } from './search/bm25Index.js';
export { Bm25Storage, bm25Options } from './search/flexsearch/storage.js';
export { type BuildOptions, type BuildStats, buildIndex } from './search/indexing/buildIndex.js';
export type { Hit, Searcher, SearchOptions, Weighting } from './search/searcher.js';
export { type FaultName, type FaultRates, faultNames, passingFaults, spreadOver } from './standIn/faults/faults.js';
export type { Ledger, LedgerCall, LedgerSums } from './standIn/http/ledger.js';
export { type StandIn, type StandInOptions, startStandIn } from './standIn/http/server.js';
export { type ProfileName, profileNames } from './standIn/profiles/all.js';
export type { PromptLanguage } from './util/language.js';
