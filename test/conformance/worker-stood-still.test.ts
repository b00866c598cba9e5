import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { openConnection } from '../../src-core/worker/index.ts';
import { inTime } from '../support/in-time.ts';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';

/** Nothing of this process goes on, as on a machine that gives it no processor, or slept. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it.skipIf(!(await natsServerPath()))('a request that was answered while the process stood still is answered, and one that was not is given up', async () => {
  await using server = await startNatsServer({ jetstream: false });
  await using connection = await openConnection({ url: server.url });
  const other = await connect({ servers: server.url });
  try {
    let stillMs = 0;
    const subscription = other.subscribe('question', { callback: (_error, message) => {
      if (message.string() !== 'one') return;
      message.respond(message.data);
      // Its bytes go out when this turn ends, and are back before the next one.
      void other.flush();
      setImmediate(() => standStill(stillMs));
    } });
    await other.flush();
    // The server needs its time, too, to bring the question, and the answer to a socket that nobody reads.
    await inTime(async (ms) => {
      stillMs = 2 * ms;
      return (await connection.client.request('question', 'one', { timeout: ms }).catch(() => undefined))?.string() === 'one';
    }, 500);
    await expect(connection.client.request('question', 'two', { timeout: 500 })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(connection.client.request('nobody', '', { timeout: 30_000 })).rejects.toThrow('no responders');
    subscription.unsubscribe();
  } finally {
    await other.close();
  }
});
