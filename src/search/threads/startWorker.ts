import { Worker } from 'node:worker_threads';

/**
 * Starts the module at `url` in a worker thread. Run from source, by tsx, the module is TypeScript: Node 20's workers know no
 * loaders of their parent, so the worker begins with a line of JavaScript that registers tsx for itself.
 */
export function startWorker(url: URL, workerData: unknown): Worker {
  if (!url.pathname.endsWith('.ts')) return new Worker(url, { workerData, execArgv: [] });
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const program = `import(${tsx}).then(({ register }) => { register(); return import(${JSON.stringify(url.href)}); });`;
  return new Worker(program, { eval: true, workerData, execArgv: [] });
}

/** Returns the URL of a module in the folder of the one at `base`: TypeScript if that is. */
export function moduleBeside(base: string, name: string): URL {
  const { pathname } = new URL(base);
  return new URL(`${name}${pathname.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
