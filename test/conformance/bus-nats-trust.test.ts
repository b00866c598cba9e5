import { connect } from '@nats-io/transport-node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectBus } from '../../src-core/nats/index.ts';
import { awakeMs } from '../support/awake-time.ts';
import { makeCertificates } from '../support/certificates.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from './bus-stage.ts';

const OBJECTS = { replicas: 1, maxBytes: 256 * 1024 * 1024 };

describe.skipIf((await natsServerPath()) === undefined)('what the network holds when trust ends', () => {
  it('is never delivered', () => losesWhatIsHeld());
  it('is never delivered over TLS either', () => losesWhatIsHeld(true));
});

describe.skipIf((await natsServerPath()) === undefined)('trust that ends while a batch is put together', () => {
  it('keeps the batch back, and sends it once when there is trust again', async () => {
    await using server = await startNatsServer();
    const bus = await connectBus({ url: `nats://localhost:${server.port}`, log: recordingLog().log, name: 'test', answerMs: PATIENT_MS });
    const client = await connect({ servers: `localhost:${server.port}` });
    try {
      await patiently(() => bus.ensureObjects(OBJECTS));
      const seen: string[] = [];
      client.subscribe('natsjob.job.start.>', { callback: (_, message) => void seen.push(message.string()) });
      await client.flush();
      let asked = 0;
      let isBack = false;
      // There when the batch is begun, gone when it is to be sent.
      const log = bus.openLog({ term: 1, maySend: () => ++asked === 1 || isBack });
      const settled: boolean[] = [];
      for (const text of ['one', 'two']) log.publish({ subject: 'natsjob.job.start.ns.app.job', text, id: text, runHeader: '', giveUpAt: Date.now() + 600_000, onSettled: (sequence) => void settled.push(sequence > 0) });
      await until(() => asked >= 3);
      await client.flush();
      expect([seen, settled, log.unsettled]).toEqual([[], [], 2]);
      isBack = true;
      await until(() => settled.length === 2);
      await client.flush();
      expect([seen, settled]).toEqual([['one', 'two'], [true, true]]);
      await log.stop(0);
    } finally {
      await client.close();
      await bus.close();
    }
  });
});

async function losesWhatIsHeld(overTls = false): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-trust-'));
  try {
    const tls = overTls ? makeCertificates(folder, 'localhost') : undefined;
    await using server = await startNatsServer(tls === undefined ? {} : { config: `tls { cert_file: "${tls.cert}", key_file: "${tls.key}" }` });
    const breaker = await startBreaker(server.port);
    const options = tls === undefined ? {} : { tls: { caFile: tls.ca } };
    const bus = await connectBus({ url: `nats://localhost:${breaker.port}`, log: recordingLog().log, name: 'test', answerMs: PATIENT_MS, ...options });
    const client = await connect({ servers: `localhost:${server.port}`, ...options });
    try {
      await patiently(() => bus.ensureObjects(OBJECTS));
      const seen: string[] = [];
      client.subscribe('natsjob.job.start.>', { callback: (_, message) => void seen.push(message.string()) });
      await client.flush();
      let isTrusted = true;
      const log = bus.openLog({ term: 1, maySend: () => isTrusted });
      const settled: string[] = [];
      const send = (text: string): void => log.publish({ subject: 'natsjob.job.start.ns.app.job', text, id: text, runHeader: '', giveUpAt: Date.now() + 600_000, onSettled: (sequence) => void settled.push(`${text} ${sequence > 0}`) });
      send('first');
      await until(() => settled.length === 1);
      const { givenUp } = breaker.part();
      send('held');
      // To the socket it goes at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve));
      isTrusted = false;
      // Before another leads, and long before the silence would have been noticed.
      expect(await awakeMs(until(() => bus.state === 'disconnected'))).toBeLessThan(1_000);
      await givenUp;
      breaker.thaw();
      await until(() => bus.state === 'connected');
      isTrusted = true;
      send('last');
      await until(() => settled.length === 3);
      expect(settled).toEqual(['first true', 'held true', 'last true']);
      await client.flush();
      // Once: what was held is gone, and was sent anew after the stream had been looked through.
      expect(seen).toEqual(['first', 'held', 'last']);
      await log.stop(0);
    } finally {
      await client.close();
      await bus.close();
      await breaker.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
