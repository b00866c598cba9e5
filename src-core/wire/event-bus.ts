/** The event bus of `natsjob/worker`: a stream for each topic, and what an event looks like there. */
import { isObject, isWhole } from './fields.ts';

/** Key of a message that is no envelope: messages of one key are handled in order. */
export const KEY_HEADER = 'Natsjob-Key';

/** An event of a domain. Events of one aggregate are handled in order. */
export interface Envelope<Payload = unknown> {
  readonly aggregateId: string;
  readonly type: string;
  /** Of the aggregate or of the payload's form, as the program likes; a whole number from 0. */
  readonly version: number;
  /** When it happened, epoch ms. */
  readonly at: number;
  /** Whatever JSON has a word for. */
  readonly payload: Payload;
}

/** Base and topic must be names. */
export function busStream(base: string, topic: string): string {
  return `${base}_${topic}`;
}

export function busSubject(base: string, topic: string): string {
  return `${base}.${topic}`;
}

/** Of one message that was given up: a subject for each, as the stream keeps only so many of a subject. */
export function deadEventSubject(base: string, topic: string, client: string, sequence: number): string {
  return `natsjob-dead.bus.${base}.${topic}.${client}.${sequence}`;
}

export function deadActorSubject(pool: string, id: string): string {
  return `natsjob-dead.actors.${pool}.${id}`;
}

/** Undefined if a field is not as it has to be, or the payload is nothing that JSON has. */
export function encodeEnvelope(envelope: Envelope): string | undefined {
  const { aggregateId, type, version, at, payload } = envelope;
  if (!isEnvelopeHead(aggregateId, type, version, at)) return undefined;
  let json: string | undefined;
  try {
    json = JSON.stringify(payload) as string | undefined;
  } catch {
    return undefined;
  }
  return `{"v":1,"aggregateId":${JSON.stringify(aggregateId)},"type":${JSON.stringify(type)},"version":${version},"at":${at},"payload":${json ?? 'null'}}`;
}

/** Undefined for what is no envelope. Never throws. */
export function decodeEnvelope(text: string): Envelope | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(fields) || fields['v'] !== 1) return undefined;
  const { aggregateId, type, version, at, payload } = fields;
  return isEnvelopeHead(aggregateId, type, version, at) ? { aggregateId: aggregateId as string, type: type as string, version: version as number, at: at as number, payload: payload ?? null } : undefined;
}

function isEnvelopeHead(aggregateId: unknown, type: unknown, version: unknown, at: unknown): boolean {
  return typeof aggregateId === 'string' && aggregateId !== '' && typeof type === 'string' && isWhole(version) && version >= 0 && typeof at === 'number' && Number.isFinite(at);
}
