import type { RunBook } from '../decide/index.ts';
import type { ServerView } from '../ports/index.ts';
import type { EngineContext } from './context.ts';
import type { Jobs } from './jobs.ts';

const ROUND_TRIP_LIMIT_MS = 500;

/** What is told of a node; Core has it. */
export interface NodeState {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly elector: { readonly term: number };
  readonly leadership: { readonly ticker: { age(): number } } | undefined;
  readonly role: ServerView['role'];
  readonly startedAt: number;
  readonly projectionLag: number;
}

/** This node as the list of servers shows it. */
export async function serverView(node: NodeState): Promise<ServerView> {
  const { context: { config, bus, store, clock, machine }, book, jobs } = node;
  const [size, natsRoundTripMs] = await Promise.all([store.size(), roundTrip(node)]);
  return {
    id: config.nodeId, role: node.role, term: node.elector.term, version: config.version, startedAt: node.startedAt, lastSeenAt: clock.now(),
    natsUrl: bus.serverUrl, natsConnected: bus.state === 'connected', natsRoundTripMs, host: config.host, pid: config.pid, ...machine.look(), ...size,
    projectionLag: node.projectionLag, jobs: jobs.size, apps: jobs.apps.size, openRuns: book.activeRuns + book.queuedRuns, openSubRuns: book.workerLoad.targets,
    pendingWrites: node.projectionLag, tickAgeMs: node.leadership?.ticker.age(),
  };
}

/** A hanging NATS must not hang the metrics page. */
export async function roundTrip({ context: { bus, clock } }: Pick<NodeState, 'context'>): Promise<number | undefined> {
  if (bus.state !== 'connected') return undefined;
  let cancel = (): void => {};
  const limit = new Promise<undefined>((resolve) => {
    cancel = clock.after(ROUND_TRIP_LIMIT_MS, () => resolve(undefined));
  });
  return Promise.race([bus.roundTripMs().catch(() => undefined), limit]).finally(() => cancel());
}
