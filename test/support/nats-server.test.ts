import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PATIENT_MS, natsServerPath, startNatsServer } from './nats-server.ts';

describe.skipIf(!(await natsServerPath()))('the nats-server of the tests', () => {
  it('keeps its port and store over a kill, loses the store when wiped, and leaves nothing behind', async () => {
    const server = await startNatsServer();
    const port = server.port;
    expect(port).toBeGreaterThan(0);
    const addStream = async (): Promise<void> => {
      const connection = await connect({ servers: server.url });
      await (await jetstreamManager(connection, { timeout: PATIENT_MS })).streams.add({ name: 'kept', subjects: ['kept.>'] });
      await connection.close();
    };
    const streams = async (): Promise<string[]> => {
      const connection = await connect({ servers: server.url });
      const names = await (await jetstreamManager(connection, { timeout: PATIENT_MS })).streams.names().next();
      await connection.close();
      return names;
    };
    await addStream();
    const pid = server.pid;
    await server.stop('SIGKILL');
    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await streams()).toEqual(['kept']);
    await server.wipe();
    expect(await streams()).toEqual([]);
    await server[Symbol.asyncDispose]();
    expect(existsSync(server.storeDir)).toBe(false);
  });

  it('says what the server said when it does not start', async () => {
    await expect(startNatsServer({ config: 'no_such_option_at_all: {' })).rejects.toThrow(/before it was ready[\s\S]*nats-server/);
  });
});
