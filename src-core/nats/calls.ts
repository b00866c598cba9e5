import { errors } from '@nats-io/transport-node';
import type { Msg, Subscription } from '@nats-io/transport-node';
import { UnansweredError, UnavailableError } from '../domain/errors.ts';
import type { Log } from '../ports/log.ts';
import type { Connection } from './connection.ts';
import { NotPermittedError, asUnavailable, describe, isNotPermitted } from './errors.ts';
import { takeRest } from './round-trip.ts';

/** The server's own default. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

export function maxPayloadOf(connection: Connection): number {
  return connection.state === 'connected' ? (connection.client.info?.max_payload ?? DEFAULT_MAX_PAYLOAD) : DEFAULT_MAX_PAYLOAD;
}

export async function request(connection: Connection, subject: string, payload: Uint8Array, limitMs: number): Promise<Uint8Array> {
  const { client } = connection;
  const most = maxPayloadOf(connection);
  if (payload.length > most) throw new UnavailableError(`A request of ${payload.length} bytes is more than NATS takes in one message (${most}).`);
  try {
    return (await client.request(subject, payload, { timeout: limitMs })).data;
  } catch (error) {
    if (isNotPermitted(error)) throw new UnavailableError(new NotPermittedError(`asking ${subject}`, error).message, { cause: error });
    if (hasNobody(error)) throw asUnavailable(new Error('nobody is there', { cause: error }), `asking ${subject}`);
    const reason = error instanceof errors.TimeoutError ? `no answer within ${limitMs} ms` : describe(error);
    throw new UnansweredError(`NATS: asking ${subject} got no answer: ${reason}`, { cause: error });
  }
}

export interface Responding {
  readonly subject: string;
  readonly handler: (payload: Uint8Array) => Promise<Uint8Array>;
  readonly queue?: string;
}

/** A connection that comes back is a new client: it is subscribed anew. */
export function respond(connection: Connection, { subject, handler, queue }: Responding, log: Log): () => Promise<void> {
  const underWay = new Set<Promise<void>>();
  let subscription: Subscription | undefined;
  const listen = (): void => {
    const callback = (error: Error | null, message: Msg): void => (error === null ? take(message) : refused(error));
    subscription = connection.state === 'connected' ? connection.client.subscribe(subject, { callback, ...(queue === undefined ? {} : { queue }) }) : undefined;
  };
  const stopListening = connection.onState(listen);
  listen();

  return async () => {
    stopListening();
    // What the server had sent before it knew is taken, too; whoever asked would have to take it for done.
    if (subscription !== undefined) await takeRest(subscription);
    await Promise.all(underWay);
    await connection.roundTripMs().catch(ignoreAbsence);
  };

  function take(message: Msg): void {
    if (message.reply === undefined || message.reply === '') return;
    const answering = answer(message).finally(() => underWay.delete(answering));
    underWay.add(answering);
  }

  async function answer(message: Msg): Promise<void> {
    try {
      message.respond(await handler(message.data));
    } catch (error) {
      // Who asked is told by its own time limit.
      log.warn({ subject, error: describe(error) }, 'a request could not be answered');
    }
  }

  function refused(error: unknown): void {
    log.error({ subject, error: isNotPermitted(error) ? new NotPermittedError(`listening on ${subject}`, error).message : describe(error) }, 'requests cannot be heard');
  }
}

function hasNobody(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof errors.NoRespondersError || (each instanceof errors.RequestError && each.isNoResponders())) return true;
  }
  return false;
}

/** The answers have gone with the connection. */
function ignoreAbsence(error: unknown): void {
  if (!(error instanceof UnavailableError)) throw error;
}
