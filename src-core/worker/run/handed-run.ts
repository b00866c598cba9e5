import { decodeRunHeader, parseStamp, RUN_HEADER } from '../../wire/index.ts';
import type { Dispatch, WireCategory, WireModel } from '../../wire/index.ts';
import { headerValue } from '../../nats/header-block.ts';
import type { Run } from './types.ts';

/** How and when the message came. */
export interface Arrival {
  /** The header block. */
  readonly head: string;
  /** Reply subject of JetStream's delivery, '' for core. */
  readonly reply: string;
  readonly deliveries: number;
  /** When NATS stored the message, epoch ms; NaN for core. */
  readonly storedAt: number;
  readonly step: 1 | 2;
  /** This machine's clock, epoch ms. */
  readonly at: number;
  /** The same moment, monotonic ms. */
  readonly monotonicAt: number;
  /** The same moment by the NATS server's clock, epoch ms; NaN when that is not known. */
  readonly serverAt: number;
}

const UNPARSED = Symbol();
const UTC = (): number => 0;

/** The run of a dispatched message. What few handlers ask for is read when they do. */
export class HandedRun implements Run {
  readonly taskId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly category: WireCategory;
  readonly model: WireModel;
  readonly args: string;
  readonly attempt: number;
  readonly rootTaskId: string;
  readonly priority: number;
  readonly step: 1 | 2;
  readonly deliveries: number;
  nextPayload: string;
  #payload: unknown = UNPARSED;
  readonly #dispatch: Dispatch;
  readonly #arrival: Arrival;

  constructor(dispatch: Dispatch, arrival: Arrival) {
    this.taskId = dispatch.taskId;
    this.namespace = dispatch.namespace;
    this.app = dispatch.app;
    this.job = dispatch.job;
    this.category = dispatch.category as WireCategory;
    this.model = dispatch.model as WireModel;
    this.args = dispatch.args;
    this.attempt = dispatch.attempt;
    this.rootTaskId = dispatch.rootTaskId ?? dispatch.taskId;
    this.priority = dispatch.priority;
    this.step = arrival.step;
    this.deliveries = arrival.deliveries;
    this.nextPayload = dispatch.nextPayload;
    this.#dispatch = dispatch;
    this.#arrival = arrival;
  }

  get payload(): unknown {
    if (this.#payload === UNPARSED) this.#payload = jsonOf(this.args);
    return this.#payload;
  }

  get createdAt(): number {
    const header = decodeRunHeader(headerValue(this.#arrival.head, RUN_HEADER));
    if (header !== undefined) return header.dispatchedAt;
    return Number.isNaN(this.#arrival.storedAt) ? this.#arrival.at : this.#arrival.storedAt;
  }

  get expiresAt(): number | undefined {
    const left = this.timeLeftAtArrival();
    return left === undefined ? undefined : this.#arrival.at + left;
  }

  /** Milliseconds from its arrival to when its time is up; undefined: never. */
  timeLeftAtArrival(): number | undefined {
    const given = timeGiven(this.#dispatch, this.#arrival.head);
    return given === undefined ? undefined : given - ageAtArrival(this.#arrival);
  }
}

/** How long the run has from its sending on, ms: a difference, so that neither the server's zone nor its clock matters. Undefined: for ever. */
function timeGiven({ createdAt, expiresAt }: Dispatch, head: string): number | undefined {
  if (expiresAt === '') return undefined;
  const header = decodeRunHeader(headerValue(head, RUN_HEADER));
  if (header !== undefined) return header.expiresAt === 0 ? undefined : header.expiresAt - header.dispatchedAt;
  const from = parseStamp(createdAt, UTC);
  const to = parseStamp(expiresAt, UTC);
  return from === undefined || to === undefined ? undefined : to - from;
}

/** How long ago the message was stored when it came, ms. */
export function ageAtArrival({ storedAt, serverAt }: Pick<Arrival, 'storedAt' | 'serverAt'>): number {
  const age = serverAt - storedAt;
  return age > 0 ? age : 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
