import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { wantedObjects } from '../../src-core/nats/objects.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import type { CaseContext } from './types.ts';

export interface BenchNats {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** As large as the program's own default. */
const LOG_BYTES = 8 * 1024 ** 3;

/** A nats-server of this case alone, empty, with the streams and buckets that the scheduler would make. */
export async function startBenchNats(context: CaseContext): Promise<BenchNats> {
  const server = await startNatsServer();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server[Symbol.asyncDispose]());
  context.defer(stop);
  await withConnection(server.url, async (connection) => {
    const manager = await jetstreamManager(connection);
    for (const object of wantedObjects({ replicas: 1, maxBytes: LOG_BYTES })) await manager.streams.add(object);
  });
  return { url: server.url, pid: server.pid, stop };
}

export async function withConnection<Result>(url: string, action: (connection: NatsConnection) => Promise<Result>): Promise<Result> {
  const connection = await connect({ servers: url });
  try {
    return await action(connection);
  } finally {
    await connection.close();
  }
}
