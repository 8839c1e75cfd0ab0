/** The meaning of a finish reason. */
export type FinishKind =
  | 'whole' // the model ended its answer
  | 'length' // a cap, or the end of the context
  | 'context' // the end of the context
  | 'filtered' // the provider's filter ended it
  | 'refusal' // the model refused
  | 'failed' // the server broke off: asked again, it may succeed
  | 'unknown';

const reasonsOfKind: Record<Exclude<FinishKind, 'unknown'>, string[]> = {
  whole: [
    ...[
      'stop',
      'eos',
      'eos_token',
      'end',
      'end_turn',
      'end_of_turn',
      'stop_sequence',
      'stop_token',
      'complete',
      'completed',
    ],
    ...['done', 'finish', 'finished', 'success', 'tool_calls', 'tool_call', 'tool_use', 'function_call', 'normal'],
    ...['null', 'none', 'finish_reason_stop', 'stop_str'],
  ],
  length: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_completion_tokens',
    'max_length',
    'token_limit',
    'incomplete',
  ],
  context: [
    'model_length',
    'model_context_window_exceeded',
    'context_length',
    'context_length_exceeded',
    'context_window',
  ],
  filtered: [
    ...['content_filter', 'content_filtered', 'content_filtering', 'safety', 'sensitive', 'moderation', 'recitation'],
    ...[
      'blocklist',
      'prohibited_content',
      'spii',
      'image_safety',
      'language',
      'guardrail_intervened',
      'flagged',
      'risk',
    ],
    ...['content_policy', 'content_policy_violation', 'blocked', 'input_sensitive', 'output_sensitive'],
  ],
  refusal: ['refusal', 'refused'],
  failed: [
    ...['error', 'abort', 'aborted', 'cancelled', 'canceled', 'interrupted', 'timeout', 'time_limit', 'network_error'],
    ...['insufficient_system_resource', 'server_error', 'internal_error', 'internal_server_error', 'overloaded'],
    ...['service_unavailable', 'unavailable', 'engine_error', 'repetition', 'repetition_truncation', 'repeat', 'loop'],
    ...[
      'malformed_function_call',
      'unexpected_tool_call',
      'load',
      'unload',
      'preempted',
      'eviction',
      'ratelimit',
      'failed',
    ],
    ...['rate_limit', 'failure', 'exception', 'disconnect', 'connection_error', 'pause_turn'],
  ],
};

const kindOf = new Map(
  Object.entries(reasonsOfKind).flatMap(([kind, reasons]) => reasons.map((reason) => [reason, kind as FinishKind])),
);

/**
 * Returns the meaning of a finish reason, in the words of OpenAI, Anthropic, Gemini, vLLM, SGLang, TGI, DeepSeek, Zhipu and others, in any
 * case. A whole body without one is whole. An unknown one says nothing: the answer counts as whole, and the reason is reported.
 */
export function finishKind(reason: string | undefined): FinishKind {
  if (reason === undefined || reason === NO_FINISH_REASON) return 'whole';
  const name = reason
    .trim()
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .replace(/[\s.-]+/g, '_')
    .toLowerCase();
  return kindOf.get(name) ?? kindOf.get(name.replace(/^finish_(?:reason_)?/, '')) ?? 'unknown';
}

/** The finish reason of an answer that came without one. */
export const NO_FINISH_REASON = 'unknown';
