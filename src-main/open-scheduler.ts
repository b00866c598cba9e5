import type { HttpOptions } from '../src-core/http/index.ts';

type Api = HttpOptions['api'];

/** Stands in until the engine's doorway is there: nothing is scheduled, and health says so. */
export function openScheduler(_config: object, _adapters: object): { start(): Promise<void>; stop(): Promise<void>; api: Api } {
  const api = new Proxy({}, { get: (_target, name) => (name === 'health' ? () => ({ role: 'starting', natsConnected: false, databaseWritable: true, tickAgeMs: undefined, ready: false, problems: ['The engine is not built in yet.'] }) : name === 'onChange' ? () => () => {} : () => Promise.reject(new Error('The engine is not built in yet.'))) }) as Api;
  return { start: async () => {}, stop: async () => {}, api };
}
