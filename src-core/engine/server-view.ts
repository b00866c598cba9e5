import type { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import type { Checkpoint, ServerView } from '../ports/index.ts';
import type { EngineContext } from './context.ts';
import type { Jobs } from './jobs.ts';
import { timeLimit } from './time-limit.ts';

const NATS_LIMIT_MS = 500;

/** What is told of a node; Core has it. */
export interface NodeState {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly elector: { readonly term: number; readonly leader: { readonly term: number } | undefined };
  readonly leadership: { readonly ticker: { age(): number } } | undefined;
  readonly role: ServerView['role'];
  readonly startedAt: number;
  readonly projectionLag: number;
  /** Its places in the streams of the log. */
  readonly positions: readonly Checkpoint[];
}

/** This node as the list of servers shows it. */
export async function serverView(node: NodeState): Promise<ServerView> {
  const { context: { config, bus, viewSize, clock, machine }, book, jobs } = node;
  const [size, natsRoundTripMs, lag] = await Promise.all([viewSize(), roundTrip(node), lagOf(node)]);
  return {
    id: config.nodeId, role: node.role, term: Math.max(node.elector.term, node.elector.leader?.term ?? 0), version: config.version, startedAt: node.startedAt, lastSeenAt: clock.now(),
    natsUrl: bus.serverUrl, natsConnected: bus.state === 'connected', natsRoundTripMs, host: config.host, pid: config.pid, ...machine.look(), ...size,
    projectionLag: node.projectionLag, jobs: jobs.size, apps: jobs.apps.size, openRuns: book.activeRuns + book.queuedRuns, openSubRuns: book.workerLoad.targets,
    pendingWrites: node.projectionLag, tickAgeMs: node.leadership?.ticker.age(), lag,
  };
}

/** Nobody waits for a hanging NATS. */
export async function roundTrip({ context }: Pick<NodeState, 'context'>): Promise<number | undefined> {
  return soonOrNever(context, () => context.bus.roundTripMs());
}

/** Messages in the streams of the log that this node has not applied. */
async function lagOf(node: NodeState): Promise<number | undefined> {
  return soonOrNever(node.context, async () => {
    const streams = await Promise.all(node.positions.map(({ stream }) => node.context.bus.streamInfo(stream)));
    let lag = 0;
    // Read after the heads: what was applied meanwhile does not lag.
    for (const [index, { sequence, created }] of node.positions.entries()) {
      const head = streams[index];
      if (head !== undefined) lag += Math.max(0, head.lastSequence - Math.max(head.firstSequence - 1, created === head.created ? sequence : 0));
    }
    return lag;
  });
}

async function soonOrNever<T>({ bus, clock }: NodeState['context'], ask: () => Promise<T>): Promise<T | undefined> {
  if (bus.state !== 'connected') return undefined;
  let cancel = (): void => {};
  const limit = new Promise<undefined>((resolve) => {
    cancel = timeLimit(clock, NATS_LIMIT_MS, () => resolve(undefined));
  });
  return Promise.race([ask().catch(unlessAway), limit]).finally(() => cancel());
}

function unlessAway(error: unknown): undefined {
  if (!(error instanceof UnavailableError)) throw error;
}
