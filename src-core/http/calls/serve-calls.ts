import { NodeFaultError, UnavailableError } from '../../domain/errors.ts';
import type { SchedulerApi } from '../../ports/api.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { ANY_NODE_QUEUE, anyNodeSubject, decodeFrame, encodeFrame, packError } from '../../wire/index.ts';
import { callTable } from './call-table.ts';
import { asInput } from './through-route.ts';

export interface CallsOptions {
  readonly bus: Pick<Bus, 'respond' | 'maxPayloadBytes'>;
  readonly api: SchedulerApi;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ServedCalls {
  /** Calls under way are answered first. */
  stop(): Promise<void>;
}

/** Whoever is on the NATS account may ask: what is beyond is refused at once. */
const MOST_AT_ONCE = 256;
const NO_BYTES = new Uint8Array(0);

/**
 * Answers what workers ask of any node. Each method has a subject of its own, which alone says what is asked for: permissions of
 * NATS, given by subject, hold.
 */
export function serveCalls({ bus, api, clock, log }: CallsOptions): ServedCalls {
  let underWay = 0;
  const stops = [...callTable(api, clock)].map(([method, handle]) => bus.respond(anyNodeSubject(method), (payload) => answer(method, handle, payload), ANY_NODE_QUEUE));
  return {
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
    },
  };

  async function answer(method: string, handle: (input: unknown) => Promise<unknown>, payload: Uint8Array): Promise<Uint8Array> {
    try {
      if (underWay >= MOST_AT_ONCE) throw new UnavailableError('This server is busy with too many calls.');
      underWay++;
      try {
        return await fitting(handle, inputOf(payload));
      } finally {
        underWay--;
      }
    } catch (error) {
      const packed = packError(error);
      if (packed.name === 'NodeFaultError') log.warn({ err: error, method }, 'a call of a worker failed');
      return encodeFrame({ error: packed }, NO_BYTES);
    }
  }

  /** A page that is too long for one message becomes a shorter one: its cursor says where to go on. */
  async function fitting(handle: (input: unknown) => Promise<unknown>, input: unknown): Promise<Uint8Array> {
    for (let asked = input; ;) {
      const value = await handle(asked);
      const frame = encodeFrame({ value }, NO_BYTES);
      if (frame.length <= bus.maxPayloadBytes) return frame;
      const items = (value as { readonly items?: readonly unknown[] } | undefined)?.items?.length ?? 0;
      if (items <= 1) throw new NodeFaultError(`The answer is too long: ${frame.length} bytes, and NATS takes ${bus.maxPayloadBytes}.`);
      asked = { ...asInput(asked), limit: Math.floor(items / 2) };
    }
  }
}

function inputOf(payload: Uint8Array): unknown {
  const head = decodeFrame(payload)?.head;
  if (typeof head !== 'object' || head === null) throw new NodeFaultError('The call has no frame: its head is JSON with an input.');
  return (head as { readonly input?: unknown }).input;
}
