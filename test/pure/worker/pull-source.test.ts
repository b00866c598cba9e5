import { expect, it } from 'vitest';
import { silentLog } from '../../../src-core/worker/silent-log.ts';
import type { WorkerConnection } from '../../../src-core/worker/connection.ts';
import { PullSource } from '../../../src-core/worker/run/pull-source.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';
import { until } from '../../support/until.ts';

const HEARTBEAT_MS = 5_000;

it('asks again for the time of a server whose answer this process read late, and keeps what it knows better', async () => {
  const clock = createVirtualClock();
  const AHEAD = 3_600_000;
  const serverNow = (): number => clock.now() + AHEAD;
  let stoodStillMs = 3_000;
  let asked = 0;
  const info = async () => {
    asked++;
    await undefined;
    const ts = new Date(serverNow()).toISOString();
    clock.pass(stoodStillMs);
    return { created: ts, ts, config: { ack_wait: 30e9 } };
  };
  const subscription = { isClosed: () => false, unsubscribe: () => undefined };
  const connection = { clock, state: 'connected', manager: { consumers: { info } }, client: { subscribe: () => subscription }, outbox: { send: () => undefined, flush: () => undefined } };
  const source = new PullSource({
    connection: connection as unknown as WorkerConnection, log: silentLog, name: 'w', subjects: ['s'], ackWaitMs: 30_000, onMessage: () => undefined, room: () => 0, onReady: () => undefined,
  });
  const error = (): number => Math.round(Math.abs(source.serverNow() - serverNow()));
  await source.open();
  expect(error()).toBe(1_500);
  stoodStillMs = 20;
  clock.pass(HEARTBEAT_MS);
  await until(() => error() === 10);
  expect(asked).toBe(2);
  stoodStillMs = 2_000;
  clock.pass(630_000);
  await until(() => asked > 2);
  expect(error()).toBe(10);
  source.disconnected();
});
