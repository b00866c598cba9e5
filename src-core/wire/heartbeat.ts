/** A worker's sign of life. Source: `protocol.md`, "Heartbeat". */
import type { JsonObject } from './fields.ts';
import { fieldNames, isObject, knownFields, parseForeign } from './fields.ts';
import { isClientId, isGroup, isName } from './names.ts';
import { boundedText } from './text.ts';

export interface Heartbeat {
  /** The body's words decide who this is, not the key's. */
  id: string;
  namespace: string;
  appName: string;
  ip: string;
  comment: string;
  /** 0 = send nothing to this worker. */
  weight: number;
  /** Runs it works on at once, 0 = it does not say; the last beat of a worker that leaves says 0. */
  capacity: number;
  /** Empty for none. */
  group: string;
  /** As the worker words them, usually percentages. */
  machineCpuUsage: string;
  machineMemoryUsage: string;
  processCpuUsage: string;
  processMemoryRss: string;
}

export type HeartbeatResult = { ok: true; heartbeat: Heartbeat } | { ok: false; problem: string };

export interface HeartbeatLimits {
  /** UTF-16 units of a heartbeat that is read at all. */
  maxLength: number;
  /** Characters kept of each describing text. */
  maxText: number;
  maxWeight: number;
  maxCapacity: number;
}

export const HEARTBEAT_LIMITS: Readonly<HeartbeatLimits> = { maxLength: 16_384, maxText: 256, maxWeight: 1_000_000, maxCapacity: 1_000_000 };
export const DEFAULT_WEIGHT = 100;

const TEXTS = ['ip', 'comment'] as const;
const USAGES = ['machineCpuUsage', 'machineMemoryUsage', 'processCpuUsage', 'processMemoryRss'] as const;
const FIELDS = fieldNames(['id', 'namespace', 'appName', ...TEXTS, 'weight', 'capacity', 'group', ...USAGES]);
const INTEGER_TEXT = /^-?\d{1,15}$/;

/**
 * Reads a heartbeat. `id`, `namespace` and `appName` are required and fit for subjects; null counts as missing, unknown
 * fields are ignored, names match without regard to case. Weight: missing = 100, negative = 0, fractions are rounded up
 * (a small weight is not none), decimal text is taken; capacity likewise, missing = 0. Usages may be numbers. Any other type is a problem, a short
 * sentence that names the field. Never throws.
 */
export function decodeHeartbeat(text: string, limits: HeartbeatLimits = HEARTBEAT_LIMITS): HeartbeatResult {
  if (text.length > limits.maxLength) {
    return bad(`the heartbeat has ${text.length} characters, more than the ${limits.maxLength} that are read`);
  }
  const parsed = parseForeign(text);
  if (parsed === undefined) return bad('the heartbeat is not JSON');
  if (!isObject(parsed)) return bad('the heartbeat is JSON but not an object');
  const fields = knownFields(parsed, FIELDS);
  const { id, namespace, appName } = fields;
  if (typeof id !== 'string' || !isClientId(id)) return bad('id is missing or not fit for a subject');
  if (typeof namespace !== 'string' || !isName(namespace)) return bad('namespace is missing or not a valid name');
  if (typeof appName !== 'string' || !isName(appName)) return bad('appName is missing or not a valid name');
  return readRest(fields, limits, {
    id, namespace, appName, ip: '', comment: '', weight: DEFAULT_WEIGHT, capacity: 0, group: '',
    machineCpuUsage: '', machineMemoryUsage: '', processCpuUsage: '', processMemoryRss: '',
  });
}

/** A heartbeat as our own workers send it; empty texts are left out. */
export function encodeHeartbeat(heartbeat: Pick<Heartbeat, 'id' | 'namespace' | 'appName'> & Partial<Heartbeat>): string {
  const { id, namespace, appName, ip, comment, weight, capacity, group } = heartbeat;
  const message: Record<string, unknown> = { id, namespace, appName, ip: ip || undefined, comment: comment || undefined, weight, capacity, group: group || undefined };
  for (const name of USAGES) message[name] = heartbeat[name] || undefined;
  return JSON.stringify(message);
}

function readRest(fields: JsonObject, limits: HeartbeatLimits, heartbeat: Heartbeat): HeartbeatResult {
  for (const name of TEXTS) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string') return bad(`${name} is not text`);
    heartbeat[name] = boundedText(value, limits.maxText);
  }
  for (const name of USAGES) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string' && typeof value !== 'number') return bad(`${name} is neither text nor a number`);
    heartbeat[name] = boundedText(String(value), limits.maxText);
  }
  const group = fields['group'] ?? '';
  if (typeof group !== 'string' || (group !== '' && !isGroup(group))) return bad('group is not fit for a subject');
  heartbeat.group = group;
  const weight = readAmount(fields['weight'], limits.maxWeight, DEFAULT_WEIGHT);
  if (weight === undefined) return bad('weight is not a number');
  heartbeat.weight = weight;
  const capacity = readAmount(fields['capacity'], limits.maxCapacity, 0);
  if (capacity === undefined) return bad('capacity is not a number');
  heartbeat.capacity = capacity;
  return { ok: true, heartbeat };
}

function readAmount(value: unknown, max: number, missing: number): number | undefined {
  if (value === undefined || value === null || value === '') return missing;
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && INTEGER_TEXT.test(value));
  if (!isNumeric) return undefined;
  return Math.max(0, Math.min(max, Math.ceil(Number(value))));
}

function bad(problem: string): HeartbeatResult {
  return { ok: false, problem };
}
