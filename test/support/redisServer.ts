import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'].find(
  existsSync,
);

/** The reason that tests of queues are skipped here; false if redis-server is installed. */
export const noRedis = program === undefined && 'redis-server is not installed (apt-get install redis-server)';

/** A redis-server of a test, on a free port of 127.0.0.1. */
export interface RedisServer extends AsyncDisposable {
  url: string;
  port: number;
  process: ChildProcess;
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  /** Starts it again at the same port and folder. */
  restart(): Promise<void>;
}

/** Starts redis-server in a folder, with more of its options. */
export async function startRedis(folder: string, options: string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const start = async () => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...options];
    const child = spawn(program as string, args, { stdio: 'ignore' });
    await untilOpen(port);
    return child;
  };
  const ended = (child: ChildProcess) =>
    child.exitCode === null && child.signalCode === null
      ? new Promise<void>((resolve) => child.once('exit', () => resolve()))
      : Promise.resolve();
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    process: await start(),
    async crash() {
      this.process.kill('SIGKILL');
      await ended(this.process);
    },
    async restart() {
      this.process = await start();
    },
    async [Symbol.asyncDispose]() {
      this.process.kill('SIGKILL');
      await ended(this.process);
    },
  };
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((next) => setTimeout(next, 25));
  }
  throw new Error(`redis-server did not open port ${port}`);
}
