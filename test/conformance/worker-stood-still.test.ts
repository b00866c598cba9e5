import { connect } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { openConnection } from '../../src-core/worker/index.ts';
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
    let isToAnswer = true;
    const asked: string[] = [];
    const subscription = other.subscribe('question', { callback: (_error, message) => {
      asked.push(message.string());
      if (!isToAnswer) return;
      message.respond(message.data);
      // Its bytes go out when this turn ends, and are back before the next one.
      void other.flush();
      setImmediate(() => standStill(1_000));
    } });
    await other.flush();
    expect((await connection.client.request('question', 'one', { timeout: 500 })).string()).toBe('one');
    isToAnswer = false;
    await expect(connection.client.request('question', 'two', { timeout: 500 })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(asked).toEqual(['one', 'two']);
    await expect(connection.client.request('nobody', '', { timeout: 30_000 })).rejects.toThrow('no responders');
    subscription.unsubscribe();
  } finally {
    await other.close();
  }
});
