import { describe } from 'vitest';
import { natsServerPath } from '../support/nats-server.ts';
import { openNatsWorld } from '../support/nats-world.ts';
import { describeBus } from './bus.ts';
import { describeBusCalls } from './bus-calls.ts';

// At home only: in CI natsServerPath throws when there is none.
describe.skipIf((await natsServerPath()) === undefined)('with a real server', () => {
  describeBus('nats-server', openNatsWorld);
  describeBusCalls('nats-server', openNatsWorld);
});
