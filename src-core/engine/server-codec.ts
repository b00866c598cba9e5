import type { ServerView } from '../ports/index.ts';

const TEXTS = ['id', 'version', 'natsUrl', 'host', 'ip', 'platform', 'arch'] as const satisfies readonly (keyof ServerView)[];
const NUMBERS = [
  'term', 'startedAt', 'lastSeenAt', 'pid', 'databaseBytes', 'walBytes', 'projectionLag', 'cpuCount', 'machineMemoryBytes', 'machineMemoryFreeBytes', 'processMemoryBytes',
  'jobs', 'apps', 'openRuns', 'openSubRuns', 'pendingWrites',
] as const satisfies readonly (keyof ServerView)[];
const MAYBE_NUMBERS = ['natsRoundTripMs', 'machineCpuPercent', 'processCpuPercent', 'tickAgeMs'] as const satisfies readonly (keyof ServerView)[];
const ROLES: readonly unknown[] = ['leader', 'standby', 'starting'] satisfies ServerView['role'][];

/** What a node writes of itself for the others; numbers that are not known are left out. */
export function encodeServer(server: ServerView): string {
  return JSON.stringify(server);
}

/** Undefined for what no node of ours has written. */
export function decodeServer(text: string): ServerView | undefined {
  let value: Partial<Record<keyof ServerView, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!ROLES.includes(value.role) || typeof value.natsConnected !== 'boolean') return undefined;
  if (!TEXTS.every((name) => typeof value[name] === 'string') || !NUMBERS.every((name) => Number.isFinite(value[name]))) return undefined;
  if (!MAYBE_NUMBERS.every((name) => value[name] === undefined || Number.isFinite(value[name]))) return undefined;
  const known = ['role', 'natsConnected', ...TEXTS, ...NUMBERS, ...MAYBE_NUMBERS] as const;
  return Object.fromEntries(known.map((name) => [name, value[name]])) as unknown as ServerView;
}
