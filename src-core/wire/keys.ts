/**
 * Keys of the buckets. Builders take names that the caller has validated; parsers take anything, never throw,
 * and answer undefined for what is not exactly such a key. Source: `protocol.md`, "End of a run", "Heartbeat".
 */
import { isClientId, isName } from './names.ts';
import { isRunId } from './runid.ts';

export interface EndKey {
  /** Which step or target ends: `pre-end` is the first step of map, `client-end` one target of a targeted run. */
  kind: 'end' | 'pre-end' | 'client-end';
  ns: string;
  app: string;
  job: string;
  taskId: string;
  /** Present for `client-end` only. */
  subId?: string;
}

export interface HeartbeatKey {
  ns: string;
  app: string;
  clientId: string;
}

export type DefinitionKey =
  | { kind: 'namespace'; ns: string }
  | { kind: 'app'; ns: string; app: string }
  | { kind: 'job'; ns: string; app: string; job: string };

/** All heartbeats, as a key filter. */
export const HEARTBEAT_WILDCARD = 'natsjob.heartbeat.client.>';

export function endKey(ns: string, app: string, job: string, taskId: string): string {
  return `natsjob.job.end.${ns}.${app}.${job}.${taskId}`;
}

export function preEndKey(ns: string, app: string, job: string, taskId: string): string {
  return `natsjob.job.pre-end.${ns}.${app}.${job}.${taskId}`;
}

export function clientEndKey(ns: string, app: string, job: string, taskId: string, subId: string): string {
  return `natsjob.job.client-end.${ns}.${app}.${job}.${taskId}.${subId}`;
}

export function heartbeatKey(ns: string, app: string, clientId: string): string {
  return `natsjob.heartbeat.client.${ns}.${app}.${clientId}`;
}

/** Ours, in the control bucket: the worker is taken out of the routing as long as the entry is there. */
export function drainedKey(ns: string, app: string, clientId: string): string {
  return `drained.${ns}.${app}.${clientId}`;
}

/** Ours, in the control bucket: who may fire. */
export const LEASE_KEY = 'lease';

/** Ours, in the control bucket: which process bears the node's id. */
export function nodeIdKey(nodeId: string): string {
  return `node-id.${nodeId}`;
}

/** Ours, in the control bucket: what a node says of itself. */
export function serverKey(nodeId: string): string {
  return `server.${nodeId}`;
}

export function isServerKey(key: string): boolean {
  return key.startsWith('server.');
}

export function namespaceKey(ns: string): string {
  return `ns.${ns}`;
}

export function appKey(ns: string, app: string): string {
  return `app.${ns}.${app}`;
}

export function jobKey(ns: string, app: string, job: string): string {
  return `job.${ns}.${app}.${job}`;
}

export function parseEndKey(key: string): EndKey | undefined {
  const tokens = key.split('.', 9);
  const [root, second, kind, ns, app, job, taskId, subId] = tokens;
  if (root !== 'natsjob' || second !== 'job' || ns === undefined || app === undefined || job === undefined || taskId === undefined) {
    return undefined;
  }
  if (!isName(ns) || !isName(app) || !isName(job) || !isRunId(taskId)) return undefined;
  if (kind === 'end' || kind === 'pre-end') {
    return tokens.length === 7 ? { kind, ns, app, job, taskId } : undefined;
  }
  if (kind !== 'client-end' || tokens.length !== 8 || subId === undefined || !isClientId(subId)) return undefined;
  return { kind, ns, app, job, taskId, subId };
}

export function parseHeartbeatKey(key: string): HeartbeatKey | undefined {
  const tokens = key.split('.', 7);
  const [root, second, third, ns, app, clientId] = tokens;
  if (root !== 'natsjob' || second !== 'heartbeat' || third !== 'client' || tokens.length !== 6) return undefined;
  if (ns === undefined || app === undefined || clientId === undefined) return undefined;
  return isName(ns) && isName(app) && isClientId(clientId) ? { ns, app, clientId } : undefined;
}

export function parseDrainedKey(key: string): HeartbeatKey | undefined {
  const tokens = key.split('.', 5);
  const [kind, ns, app, clientId] = tokens;
  if (kind !== 'drained' || tokens.length !== 4 || ns === undefined || app === undefined || clientId === undefined) return undefined;
  return isName(ns) && isName(app) && isClientId(clientId) ? { ns, app, clientId } : undefined;
}

export function parseDefinitionKey(key: string): DefinitionKey | undefined {
  const tokens = key.split('.', 5);
  const [kind, ns, app, job] = tokens;
  if (!tokens.slice(1).every(isName)) return undefined;
  if (kind === 'ns' && tokens.length === 2 && ns !== undefined) return { kind: 'namespace', ns };
  if (kind === 'app' && tokens.length === 3 && ns !== undefined && app !== undefined) return { kind: 'app', ns, app };
  if (kind === 'job' && tokens.length === 4 && ns !== undefined && app !== undefined && job !== undefined) {
    return { kind: 'job', ns, app, job };
  }
  return undefined;
}
