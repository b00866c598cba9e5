import { errors } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

type Reject = (error: Error) => void;

/** Those who wait on a client; one look at its end for all of them. */
const waiting = new WeakMap<NatsConnection, Set<Reject>>();

/**
 * Resolves when the server has taken what the client was given before. The library's own flush() never settles when the connection
 * ends before the server has answered; this rejects then, with ClosedConnectionError.
 */
export function roundTrip(client: NatsConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const those = waitingOn(client);
    those.add(reject);
    void client.flush().then(resolve, reject).finally(() => those.delete(reject));
  });
}

/** The same for so long at most: a server that is silent is not waited for. Never rejects. */
export async function roundTripWithin(client: NatsConnection, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([roundTrip(client).catch(() => {}), limit]);
  clearTimeout(timer);
}

/** Takes what the server has sent before it knows that nobody listens any more. The library's own drain() never settles when the connection ends before. */
export async function takeRest(subscription: Subscription): Promise<void> {
  subscription.drain().catch(() => {});
  await subscription.closed;
}

function waitingOn(client: NatsConnection): Set<Reject> {
  const known = waiting.get(client);
  if (known !== undefined) return known;
  const those = new Set<Reject>();
  waiting.set(client, those);
  void client.closed().then(() => {
    for (const reject of those) reject(new errors.ClosedConnectionError());
    those.clear();
  });
  return those;
}
