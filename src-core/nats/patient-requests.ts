import { errors } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { LAST_LOOK_MS } from './last-look.ts';

const DEFAULT_MS = 1_000;
/** The library's own limit, which counts only where ours does not come to it. */
const LIBRARY_MORE_MS = 60_000;

/**
 * The library gives up a request whose answer lies unread on the socket of a process that stood still. From now on each request of
 * this client is given up only after one more look.
 */
export function requestPatiently(client: NatsConnection): void {
  const request = client.request.bind(client);
  client.request = (subject, payload, options) => {
    const { timeout = DEFAULT_MS } = options ?? {};
    return new Promise((resolve, reject) => {
      let timer = setTimeout(() => {
        timer = setTimeout(() => reject(new errors.TimeoutError()), LAST_LOOK_MS);
      }, timeout);
      request(subject, payload, { ...options, timeout: timeout + LIBRARY_MORE_MS }).then(resolve, reject).finally(() => clearTimeout(timer));
    });
  };
}
