import { errors } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { NodeFaultError, NotReachedError, UnansweredError } from '../domain/errors.ts';
import { anyNodeSubject, decodeFrame, encodeFrame, unpackError } from '../wire/index.ts';
import type { AnyNodeMethod } from '../wire/index.ts';
import type { WorkerConnection } from './connection.ts';

/** Longer than a change of leaders takes, shorter than a caller's patience. */
const CALL_LIMIT_MS = 10_000;
/** A scheduler that is restarted, or has lost its connection, is back by then. */
const NOBODY_THERE_MS = 5_000;
const AGAIN_MS = 100;
const NO_BYTES = new Uint8Array(0);

/**
 * Asks any scheduler of the NATS account; one of them answers (core NATS, nothing stored).
 * Rejects with what the scheduler rejected with, as its own class (InvalidInputError, NotFoundError, ConflictError …); with
 * NotReachedError when no scheduler is there, so that surely nothing was done; with UnansweredError when it may have been.
 */
export async function callScheduler(connection: NatsConnection, method: AnyNodeMethod, input: unknown, limitMs: number = CALL_LIMIT_MS): Promise<unknown> {
  const frame = encodeFrame({ method, input }, NO_BYTES);
  const most = connection.info?.max_payload;
  if (most !== undefined && frame.length > most) throw new NodeFaultError(`The call ${method} is too long: ${frame.length} bytes, and NATS takes ${most}.`);
  const head = asRecord(decodeFrame(await send(connection, method, frame, limitMs))?.head);
  if (head === undefined) throw new NodeFaultError(`The scheduler answered ${method} with something that is no answer.`);
  if (head.error !== undefined) throw unpackError(head.error);
  return head.value;
}

/** The same, waiting a while where no scheduler is there: then surely nothing was done. */
export async function callPatiently(connection: Pick<WorkerConnection, 'client' | 'state' | 'clock'>, method: AnyNodeMethod, input: unknown): Promise<unknown> {
  const { clock } = connection;
  const until = clock.monotonic() + NOBODY_THERE_MS;
  for (;;) {
    try {
      return await callScheduler(connection.client, method, input);
    } catch (error) {
      if (!(error instanceof NotReachedError) || connection.state !== 'connected' || clock.monotonic() >= until) throw error;
    }
    await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
  }
}

async function send(connection: NatsConnection, method: AnyNodeMethod, frame: Uint8Array, limitMs: number): Promise<Uint8Array> {
  try {
    return (await connection.request(anyNodeSubject(method), frame, { timeout: limitMs })).data;
  } catch (error) {
    if (hasNobody(error)) {
      throw new NotReachedError(`No scheduler answers ${method}: is natsjob running on this NATS account, with workerCalls on?`, { cause: error });
    }
    if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError) {
      throw new NotReachedError(`The scheduler was not asked ${method}: the NATS connection is closed.`, { cause: error });
    }
    const reason = error instanceof errors.TimeoutError ? `no answer within ${limitMs} ms` : error instanceof Error ? error.message : String(error);
    throw new UnansweredError(`The scheduler was asked ${method} and gave no answer: ${reason}`, { cause: error });
  }
}

function hasNobody(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof errors.NoRespondersError || (each instanceof errors.RequestError && each.isNoResponders())) return true;
  }
  return false;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
