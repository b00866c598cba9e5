import { nuid } from '@nats-io/transport-node';
import { deadActorSubject } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';
import { keepDeadLetter } from '../dead-letters.ts';
import { checkedName } from '../errors.ts';
import type { DeadLetter } from './actor-pool.ts';

export interface DeadLettersOptions<Message> {
  readonly connection: WorkerConnection;
  /** The pool's name, part of the subject `natsjob-dead.actors.<pool>.<id>`. */
  readonly pool: string;
  /** What is kept of a message. Default: no key, and its JSON. */
  readonly describe?: (message: Message) => { readonly key?: string; readonly payload: string };
}

/** A pool's `onDeadLetter` that keeps what was given up in the stream `natsjob-dead-letters`. Throws BadOptionError. */
export function keepDeadLetters<Message>({ connection, pool, describe = withoutKey }: DeadLettersOptions<Message>): (letter: DeadLetter<Message>) => Promise<void> {
  checkedName('pool', pool);
  // The same letter again, if it is not known whether it was stored, has the same subject, and is dropped by its id.
  const ids = new WeakMap<object, string>();
  return async ({ message, error, failures }) => {
    const known = typeof message === 'object' && message !== null ? ids.get(message) : undefined;
    const id = known ?? nuid.next();
    if (typeof message === 'object' && message !== null) ids.set(message, id);
    const subject = deadActorSubject(pool, id);
    const { key = '', payload } = describe(message);
    await keepDeadLetter(connection, subject, { at: connection.clock.now(), subject: '', key, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error), deliveries: failures, payload }, subject);
  };
}

function withoutKey(message: unknown): { readonly payload: string } {
  return { payload: JSON.stringify(message) ?? String(message) };
}
