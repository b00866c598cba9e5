import type { HostApi } from '../../ports/host.ts';
import { ref } from '../schema/schema.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';

/** NATS as the workers see it, to look at and to try. */
export function natsRoutes(host: HostApi): readonly Route[] {
  const tag = 'NATS';
  return [
    defineRoute({
      method: 'POST', path: '/nats/ping', operationId: 'pingNats', summary: 'How long a round trip to the NATS server takes', tag,
      answers: { 200: ref('Ping') },
      handle: async () => ok({ roundTripMs: await host.nats.roundTripMs() }),
    }),
  ];
}
