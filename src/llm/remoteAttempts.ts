import type { ChatModel } from './chatModel.js';

/** The settings of a model that shape its answers and are sent with each request. */
export interface RequestShape {
  extraBody?: Record<string, unknown> | undefined;
  reasoningEffort?: string | undefined;
  structuredOutput?: 'auto' | 'json_schema' | 'json_object' | 'none' | undefined;
  /** A budget is set, so each request must have a cap. */
  needsCap?: boolean | undefined;
}

export interface RemoteModelOptions {
  model: string;
  shape: RequestShape;
  /** The time of one attempt, its answer included. */
  attemptTimeoutMs: number;
  /** The most attempts in flight at once. */
  concurrency: number;
  /** Counts an attempt that a server refused and billed nothing for, beside the one that `complete` ends with. */
  onRefused(stage: string | undefined): void;
  onNotice: (message: string) => void;
}

/** A ChatModel whose attempts are made elsewhere: one attempt a call, and its failures are AttemptErrors. */
export interface RemoteModel extends ChatModel {
  /** Connects before the first call. Throws if the attempts cannot be made there. */
  join(): Promise<void>;
  /** Rejects the calls that nobody has begun. */
  leave(): void;
  close(): Promise<void>;
}

/** Makes attempts in place of the server's adapter: a queue of calls, from which workers pull. */
export interface RemoteAttempts {
  /** The place of the attempts, for messages. */
  readonly label: string;
  connect(options: RemoteModelOptions): RemoteModel;
}
