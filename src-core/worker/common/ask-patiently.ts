import { askAgain } from '../../nats/ask-again.ts';
import type { WorkerConnection } from '../connection.ts';

/** For a server that stands still for a moment, or a connection that breaks over the question. */
const PATIENCE_MS = 10_000;

/** Asks again what got no answer, while there is a connection to come back. Only for what may be asked twice. */
export function askPatiently<Answer>(connection: Pick<WorkerConnection, 'state'>, ask: () => Promise<Answer>): Promise<Answer> {
  return askAgain(ask, { patienceMs: PATIENCE_MS, isOver: () => connection.state === 'closed' });
}
