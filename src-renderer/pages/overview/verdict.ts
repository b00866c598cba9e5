import type { AttentionItem, Role } from '../../../src-core/http/contract.ts';

/** What is about one job. */
export type JobWorry = AttentionItem & { readonly kind: Exclude<AttentionItem['kind'], 'scheduler-paused'> };

export function isAboutJob(item: AttentionItem): item is JobWorry {
  return item.kind !== 'scheduler-paused';
}

/** Writes behind by more than this are worth a word. */
const MUCH_LAG = 1_000;
const OLD_TICK_MS = 5_000;

export interface Situation {
  readonly isCutOff: boolean;
  readonly natsConnected: boolean;
  /** Of every server that is known; undefined while they have not been read. */
  readonly servers: readonly { readonly role: Role; readonly projectionLag: number; readonly tickAgeMs: number | null }[] | undefined;
  readonly attention: readonly Pick<AttentionItem, 'kind'>[] | undefined;
  readonly jobs: number;
  readonly jobsEnabled: number;
}

export type Finding = { readonly tone: 'bad' | 'warn' } & (
  | { readonly what: 'cut-off' | 'nats' | 'no-leader' | 'starting' | 'tick' | 'scheduler-paused' | 'none-enabled' }
  | { readonly what: JobWorry['kind'] | 'lag'; readonly count: number }
);

/** What is not well, worst first; empty = all is well. Undefined while there is too little to tell. */
export function findingsOf({ isCutOff, natsConnected, servers, attention, jobs, jobsEnabled }: Situation): readonly Finding[] | undefined {
  // Whatever else is shown is old then.
  if (isCutOff) return [{ tone: 'bad', what: 'cut-off' }];
  if (!natsConnected) return [{ tone: 'bad', what: 'nats' }];
  if (servers === undefined || attention === undefined) return undefined;
  const found: Finding[] = [...leadFindings(servers)];
  const count = (kind: AttentionItem['kind']): number => attention.filter((item) => item.kind === kind).length;
  for (const what of ['failing', 'no-worker'] as const) if (count(what) > 0) found.push({ tone: 'bad', what, count: count(what) });
  for (const what of ['late', 'skipped'] as const) if (count(what) > 0) found.push({ tone: 'warn', what, count: count(what) });
  if (count('scheduler-paused') > 0) found.push({ tone: 'warn', what: 'scheduler-paused' });
  if (jobs > 0 && jobsEnabled === 0) found.push({ tone: 'warn', what: 'none-enabled' });
  return found.sort((a, b) => Number(a.tone === 'warn') - Number(b.tone === 'warn'));
}

function leadFindings(servers: NonNullable<Situation['servers']>): Finding[] {
  const leader = servers.find(({ role }) => role === 'leader');
  if (leader === undefined) return [servers.some(({ role }) => role === 'starting') ? { tone: 'warn', what: 'starting' } : { tone: 'bad', what: 'no-leader' }];
  const found: Finding[] = [];
  if ((leader.tickAgeMs ?? 0) > OLD_TICK_MS) found.push({ tone: 'bad', what: 'tick' });
  const lag = Math.max(...servers.map(({ projectionLag }) => projectionLag));
  if (lag > MUCH_LAG) found.push({ tone: 'warn', what: 'lag', count: lag });
  return found;
}
