import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectBus } from '../../src-core/nats/index.ts';
import type { Bus } from '../../src-core/ports/bus.ts';
import type { BusWorld } from '../conformance/bus-stage.ts';
import { recordingLog } from './nats-log.ts';
import { startBreaker } from './nats-breaker.ts';
import { PATIENT_MS, startNatsServer } from './nats-server.ts';

/** Buses on a real server, behind a relay whose connections can be cut while the server runs on. */
export async function openNatsWorld(): Promise<BusWorld> {
  const server = await startNatsServer();
  const breaker = await startBreaker(server.port);
  const buses: Bus[] = [];
  const clients: NatsConnection[] = [];
  return {
    async connect() {
      const bus = await connectBus({ url: `nats://127.0.0.1:${breaker.port}`, log: recordingLog().log, name: 'test', answerMs: PATIENT_MS });
      buses.push(bus);
      return bus;
    },
    breakConnections: () => breaker.cut(),
    wipe: () => server.wipe(),
    async listen(onPublish) {
      const client = await connect({ servers: `127.0.0.1:${server.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 10 });
      clients.push(client);
      client.subscribe('natsjob.job.>', { callback: (_error, message) => onPublish(message.subject, message.headers?.get('Nats-Msg-Id') ?? '') });
      await client.flush();
    },
    async close() {
      await Promise.all(buses.map((bus) => bus.close()));
      await Promise.all(clients.map((client) => client.close()));
      await breaker.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
