import type { Redis } from 'ioredis';
import { UsageError } from '../errors.js';
import type { RedisAddress } from './address.js';
import type { QueuePackages } from './packages.js';

const COMMAND_TIMEOUT_MS = 3000;
const REFUSED_LOGIN = /WRONGPASS|NOAUTH|NOPERM|invalid password/i;

/** A second connection to Redis, beside those of the engine: its commands fail at once while Redis is away. */
export class RedisControl {
  readonly client: Redis;
  readonly label: string;
  #life: string | undefined;
  #refusal: UsageError | undefined;
  #lastError = '';
  readonly #waiting = new Set<(life: string) => void>();

  constructor({ Redis: Client }: QueuePackages, { connection, label }: RedisAddress) {
    this.label = label;
    this.client = new Client({
      ...connection,
      ...{ maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT_MS },
      retryStrategy: (times) => Math.min(100 * times, 1000),
    });
    this.client.on('error', (error: Error) => this.#note(error));
    this.client.on('close', () => {
      this.#life = undefined;
    });
    this.client.on('ready', () => {
      this.#greet().catch((error: Error) => this.#note(error));
    });
  }

  /** The fault of the server that waiting does not fix: a refused login, or a policy that loses jobs. */
  get refusal(): UsageError | undefined {
    return this.#refusal;
  }

  /** The last error of the connection, for messages. */
  get lastError(): string {
    return this.#lastError;
  }

  /** The life of the server: its id since it was started. It is unknown, and waited for, while Redis is away. */
  async life(): Promise<string> {
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#life ?? (await new Promise<string>((resolve) => this.#waiting.add(resolve)));
  }

  close(): void {
    this.client.disconnect();
  }

  #note(error: Error): void {
    this.#lastError = error.message || (error as NodeJS.ErrnoException).code || 'no connection';
    if (!REFUSED_LOGIN.test(this.#lastError)) return;
    this.#refusal ??= new UsageError(`Redis at ${this.label} refused the login`, {
      hint: 'give the password in the variable of --queue-password-env, or USER:PASSWORD@ in the address',
    });
  }

  async #greet(): Promise<void> {
    const info = await this.client.info();
    const of = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const policy = of('maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction') {
      this.#refusal ??= new UsageError(
        `Redis at ${this.label} has maxmemory-policy ${policy}: it may drop calls when it is full`,
        {
          hint: 'redis-cli CONFIG SET maxmemory-policy noeviction, and set it in redis.conf',
        },
      );
    }
    const life = of('run_id') ?? '';
    this.#life = life;
    for (const resolve of this.#waiting) resolve(life);
    this.#waiting.clear();
  }
}
