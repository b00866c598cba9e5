import type { GapView, ServerView } from '../ports/index.ts';
import type { ResultsMark } from './results-mark.ts';

const TEXTS = ['id', 'version', 'natsUrl', 'host', 'ip', 'platform', 'arch'] as const satisfies readonly (keyof ServerView)[];
const NUMBERS = [
  'term', 'startedAt', 'lastSeenAt', 'pid', 'databaseBytes', 'walBytes', 'projectionLag', 'cpuCount', 'machineMemoryBytes', 'machineMemoryFreeBytes', 'processMemoryBytes',
  'jobs', 'apps', 'openRuns', 'openSubRuns', 'pendingWrites',
] as const satisfies readonly (keyof ServerView)[];
const MAYBE_NUMBERS = ['natsRoundTripMs', 'machineCpuPercent', 'processCpuPercent', 'tickAgeMs', 'lag'] as const satisfies readonly (keyof ServerView)[];
const ROLES: readonly unknown[] = ['leader', 'standby', 'starting'] satisfies ServerView['role'][];

/** What a node tells the others of itself. */
export interface ServerEntry {
  readonly server: ServerView;
  /** Undefined while its database cannot be asked, or from a version that does not tell. */
  readonly results: ResultsMark | undefined;
  /** While it leads, and has seen one. */
  readonly lastGap: GapView | undefined;
}

/** Numbers that are not known are left out. */
export function encodeServer({ server, results, lastGap }: ServerEntry): string {
  return JSON.stringify({ ...server, results, lastGap });
}

/** Undefined for what no node of ours has written. */
export function decodeServer(text: string): ServerEntry | undefined {
  let value: Partial<Record<keyof ServerView | 'results' | 'lastGap', unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value;
  if (!ROLES.includes(fields.role) || typeof fields.natsConnected !== 'boolean') return undefined;
  if (!TEXTS.every((name) => typeof fields[name] === 'string') || !NUMBERS.every((name) => Number.isFinite(fields[name]))) return undefined;
  if (!MAYBE_NUMBERS.every((name) => fields[name] === undefined || Number.isFinite(fields[name]))) return undefined;
  const known = ['role', 'natsConnected', ...TEXTS, ...NUMBERS, ...MAYBE_NUMBERS] as const;
  return { server: Object.fromEntries(known.map((name) => [name, fields[name]])) as unknown as ServerView, results: readMark(fields.results), lastGap: readGap(fields.lastGap) };
}

function readMark(value: unknown): ResultsMark | undefined {
  const { created, sequence } = (value ?? {}) as Partial<Record<keyof ResultsMark, unknown>>;
  return typeof created === 'string' && Number.isFinite(sequence) ? { created, sequence: sequence as number } : undefined;
}

function readGap(value: unknown): GapView | undefined {
  const { kind, from, to, caughtUp, skipped } = (value ?? {}) as Partial<Record<keyof GapView, unknown>>;
  const isKnown = kind === 'sleep' || kind === 'away';
  if (!isKnown || !isMoment(from) || !isMoment(to) || !isCount(caughtUp) || !isCount(skipped)) return undefined;
  return { kind, from, to, caughtUp, skipped };
}

/** One that a date can be made of. */
function isMoment(value: unknown): value is number {
  return isCount(value) && value <= 8.64e15;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
