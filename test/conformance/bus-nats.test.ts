import { describe, it } from 'vitest';
import { natsServerPath } from '../support/nats-server.ts';
import { openNatsWorld } from '../support/nats-world.ts';
import { describeBus } from './bus.ts';

// At home only: in CI natsServerPath throws when there is no server, so nothing is skipped there.
if ((await natsServerPath()) === undefined) describe.skip('bus conformance: nats-server', () => it('needs a nats-server'));
else describeBus('nats-server', openNatsWorld);
