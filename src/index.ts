export { readBenchmarks } from './chain/benchmarkFiles.js';
export {
  type Calibrated,
  calibrateFile,
  negativeVerdicts,
  questionVerdicts,
  type VerdictsOf,
} from './chain/calibrateFile.js';
export { type Calibration, calibration, type Estimated, type Labelled } from './chain/calibration.js';
export {
  buildCorpusIndex,
  type CorpusBuildOptions,
  type CorpusIndexOptions,
  corpusIndex,
} from './chain/corpusIndex.js';
export { type Estimate, type EstimateOptions, estimateStage, type StageEstimate } from './chain/estimateStage.js';
export {
  type Doc2QueryPlan,
  type JudgeNegativesPlan,
  type JudgeQuestionsPlan,
  type PlannedStage,
  plannedConfirmNegatives,
  plannedDoc2Query,
  plannedJudgeNegatives,
  plannedJudgeQuestions,
  plannedReasonDistill,
  type ReasonDistillPlan,
} from './chain/plannedStages.js';
export { type PlanOptions, type PricedEstimate, planRun, type RunPlan } from './chain/planRun.js';
export { type RareChain, type RareChainOptions, rareChain } from './chain/rareChain.js';
export { rarePlan } from './chain/rarePlan.js';
export { finishRetry, type RetryCounts, type RetryRejectsOptions, retryRejects } from './chain/retryRejects.js';
export { type Sample, type SampleOptions, sampleRecords } from './chain/sampleRecords.js';
export { writeRunSummary } from './chain/writeRunSummary.js';
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
export { exportRecords } from './export/exportRecords.js';
export type { Part } from './export/format.js';
export type { FormatName } from './export/formatNames.js';

export type { ExportOptions } from './export/options.js';
export { drain } from './flow/drain.js';
export { fromDuplex, toDuplex } from './flow/duplex.js';
export type { DurableSink } from './flow/durableSink.js';
export { type MapConcurrentOptions, mapConcurrent, type WorkContext } from './flow/mapConcurrent.js';
export {
  type Operator,
  type OperatorContext,
  operator,
  type PassThrough,
  type Source,
  type TransformContext,
} from './flow/operator.js';
export { inPlaceOf } from './flow/ordinal.js';
export { type Rejects, warnOfReject } from './flow/rejects.js';
export type { Position, ResumeFrom } from './flow/resume.js';
export { type Inspection, type InspectOptions, RecordInspector } from './inspect/inspectRecords.js';
export type { Input } from './io/read/input.js';
export type { ReadOptions } from './io/read/options.js';
export { readJsonArray } from './io/read/readJsonArray.js';
export { readJsonl } from './io/read/readJsonl.js';
export { readRecords } from './io/read/readRecords.js';
export type { RecordStream } from './io/read/recordStream.js';
export type { Slice } from './io/read/slice.js';
export {
  type DurableJsonlOptions,
  /** @deprecated Use `DurableJsonlOptions`. */
  type DurableJsonlOptions as JsonlFileOptions,
  durableJsonl,
  /** @deprecated Use `durableJsonl`. */
  durableJsonl as jsonlFile,
} from './io/write/durableJsonl.js';
export { durableRecords } from './io/write/durableRecords.js';
export { filesBeside } from './io/write/filesBeside.js';
export { type WriteJsonlOptions, writeJsonl } from './io/write/writeJsonl.js';
export { writeRecords } from './io/write/writeRecords.js';
export { type RejectsFile, writeRejects } from './io/write/writeRejects.js';
export type { Capabilities, StructuredOutput } from './llm/capabilities.js';
export type {
  AnswerSchema,
  ChatMessage,
  ChatModel,
  ChatRequest,
  Completion,
  CustomCompletion,
  CustomModel,
  Thinking,
  Usage,
} from './llm/chatModel.js';
export type { Prices } from './llm/cost/prices.js';
export { createModel, type ModelOptions, type ModelUsage, type RareflowModel } from './llm/createModel.js';
export type { BudgetState } from './llm/middleware/budget.js';
export type { UsageSnapshot, UsageTotals } from './llm/middleware/usage.js';
export type { RemoteAttempts } from './llm/remoteAttempts.js';
export type { Refusal } from './operators/admission.js';
export {
  type Bm25HardNegOptions,
  type Bm25HardNegProvenance,
  bm25HardNeg,
  type NegativesDetails,
} from './operators/bm25HardNeg/bm25HardNeg.js';
export type {
  ReferenceTool,
  /** @deprecated Use `ReferenceTool`. */
  ReferenceTool as Profile,
} from './operators/bm25HardNeg/referenceTools.js';
export type { NegativeRules, Sampling } from './operators/bm25HardNeg/rules.js';
export {
  findSharedPositives,
  type QuestionPositives,
  SharedPositives,
  type SharedPositivesKeys,
} from './operators/bm25HardNeg/sharedPositives.js';
export { BenchmarkNgrams } from './operators/decontaminate/benchmarkNgrams.js';
export { type DecontaminateOptions, decontaminate } from './operators/decontaminate/decontaminate.js';
export { type Doc2QueryOptions, type Doc2QueryProvenance, doc2Query } from './operators/doc2Query/doc2Query.js';
export { type FilterDocumentsOptions, filterDocuments } from './operators/filterDocuments/filterDocuments.js';
export {
  type InputKey,
  type RecordWith,
  textInput,
  textListInput,
  textListProblem,
  textProblem,
} from './operators/inputKeys.js';
export {
  type JudgeNegativesOptions,
  type JudgeNegativesProvenance,
  judgeNegatives,
  type NegativeJudgement,
} from './operators/judgeNegatives/judgeNegatives.js';
export {
  type JudgeQuestionsOptions,
  type JudgeQuestionsProvenance,
  judgeQuestions,
} from './operators/judgeQuestions/judgeQuestions.js';
export type { QuestionJudgement } from './operators/judgeQuestions/prompt.js';
export type { PromptOptions } from './operators/modelOptions.js';
export type { ModelProvenance } from './operators/provenance.js';
export {
  type ReasonDistillOptions,
  type ReasonDistillProvenance,
  reasonDistill,
} from './operators/reasonDistill/reasonDistill.js';
export {
  type Added,
  type AnyRecord,
  type RecordOperator,
  type RecordStage,
  recordOperator,
} from './operators/recordOperator.js';
export type { RecordOptions } from './operators/recordOptions.js';
export { type SplitOptions, type SplitProvenance, split } from './operators/split/split.js';
export type { PromptTemplate } from './operators/template.js';
export type { Checkpoint } from './pipeline/checkpoint.js';
export type { Eta } from './pipeline/eta.js';
export type { RunProgress, StageCounts } from './pipeline/progress.js';
export { RejectShareError } from './pipeline/rejectShare.js';
export { type PipelineOptions, type PipelineStage, runPipeline, type SourceContext } from './pipeline/runPipeline.js';
export { RunBusyError } from './pipeline/state/runLock.js';
export type { RunSettings, RunState } from './pipeline/state/runState.js';
export { RunStore, type RunStoreOptions, type SeenRun, seeRun } from './pipeline/state/runStore.js';
export { type CallQueueOptions, callQueue } from './queue/callQueue.js';
export { type DataRecord, defaultKeys, type Reject } from './record.js';
export {
  /** @deprecated Import it from `rareflow/report`. */
  makeReport,
  /** @deprecated Import it from `rareflow/report`. */
  type Report,
  /** @deprecated Import it from `rareflow/report`. */
  type ReportOptions,
} from './report/makeReport.js';
export {
  type ReadableSummary,
  type RunFacts,
  type RunSummary,
  readRunSummary,
  runSummary,
} from './report/runSummary.js';
export type { Analyzer, AnalyzerOption } from './search/analysis/analyzer.js';
export { type Bm25Index, openIndex } from './search/bm25Index.js';
export {
  /** @deprecated Import it from `rareflow/flexsearch`. */
  Bm25Storage,
  /** @deprecated Import it from `rareflow/flexsearch`. */
  bm25Options,
} from './search/flexsearch/storage.js';
export { type BuildOptions, type BuildProgress, type BuildStats, buildIndex } from './search/indexing/buildIndex.js';
export type { OpenIndexOptions } from './search/options.js';
export type { Hit, Searcher, SearchOptions, Weighting } from './search/searcher.js';
export { type MergeOptions, mergeShards } from './shards/mergeShards.js';
export {
  type PlanShardsOptions,
  planShard,
  planShards,
  readShard,
  type Shard,
  type ShardPart,
} from './shards/planShards.js';
export { partPath, type ShardNumber, shardOfEnvironment } from './shards/shardName.js';
export { type ShardStatus, shardStatus } from './shards/shardStatus.js';
export {
  /** @deprecated Import it from `rareflow/testing`. */
  type FaultName,
  /** @deprecated Import it from `rareflow/testing`. */
  type FaultRates,
  /** @deprecated Import it from `rareflow/testing`. */
  faultNames,
  /** @deprecated Import it from `rareflow/testing`. */
  passingFaults,
  /** @deprecated Import it from `rareflow/testing`. */
  spreadOver,
} from './standIn/faults/faults.js';
export type {
  /** @deprecated Import it from `rareflow/testing`. */
  Ledger,
  /** @deprecated Import it from `rareflow/testing`. */
  LedgerCall,
  /** @deprecated Import it from `rareflow/testing`. */
  LedgerSums,
} from './standIn/http/ledger.js';
export {
  /** @deprecated Import it from `rareflow/testing`. */
  type StandIn,
  /** @deprecated Import it from `rareflow/testing`. */
  type StandInOptions,
  /** @deprecated Import it from `rareflow/testing`. */
  startStandIn,
} from './standIn/http/server.js';
export {
  /** @deprecated Import it from `rareflow/testing`. */
  type ProfileName,
  /** @deprecated Import it from `rareflow/testing`. */
  profileNames,
} from './standIn/profiles/serverProfiles.js';
export type { PromptLanguage } from './util/language.js';
