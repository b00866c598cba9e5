import { connect } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, describe, expect, it } from 'vitest';
import { Connection } from '../../src-core/nats/connection.ts';
import { openStreamFeed } from '../../src-core/nats/feed.ts';
import { PollConsumer } from '../../src-core/nats/poll-consumer.ts';
import { ReadingPace } from '../../src-core/nats/reading-pace.ts';
import { parseServerList } from '../../src-core/nats/server-list.ts';
import type { Feed, FeedMessage } from '../../src-core/ports/bus.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

const STREAM = 't';
const WAY = 'the feed is read in another way';
const BROKEN = 'the feed opens anew';
const ended: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (let end = ended.pop(); end !== undefined; end = ended.pop()) await end();
});

describe.skipIf((await natsServerPath()) === undefined)('a feed that is read in pieces', () => {
  it('gives each message once and in order, from when it is fast until it is calm again', async () => {
    const { feed, seen, ways, publish, beFast, sent } = await openWorld();
    await beFast();
    // More than a question brings, and more than a turn does.
    await publish(3_000);
    await feed.caughtUp();
    await until(() => ways().length >= 2, { what: 'reading as it comes' });
    await publish(3);
    await until(() => seen.length === sent());
    expect(seen).toEqual(numbers(sent()));
    expect(ways()).toEqual([true, false]);
  });

  it('is read as it comes while there is what cannot wait', async () => {
    const { feed, seen, ways, publish, beFast, sent } = await openWorld();
    await publish(300, 8, 't.other');
    await feed.caughtUp();
    expect(ways()).toEqual([]);
    await beFast();
    await Promise.all([publish(300), publish(300, 8, 't.other')]);
    await feed.caughtUp();
    expect(seen).toEqual(numbers(sent()));
    await until(() => ways().length >= 2, { what: 'reading as it comes' });
  });

  it('goes on behind the last message when the connection breaks', async () => {
    const { feed, seen, publish, beFast, sent, cut } = await openWorld();
    await beFast();
    await publish(2_000);
    await cut();
    await publish(500);
    await feed.caughtUp();
    expect(seen).toEqual(numbers(sent()));
  });

  it('gives nothing while it is paused, and all of it afterwards', async () => {
    const { feed, seen, publish, beFast, sent } = await openWorld((feedSoFar, message) => {
      if (message.sequence === 700) feedSoFar.pause();
    });
    await beFast();
    await publish(1_500);
    await until(() => seen.length >= 700);
    expect(seen.length).toBe(700);
    feed.resume();
    await feed.caughtUp();
    expect(seen).toEqual(numbers(sent()));
  });

  it('goes back to reading as it comes, for good, when the server does not let it ask', async () => {
    const { feed, seen, broken, ways, publish, beFast, sent } = await openWorld(undefined, {
      config: 'authorization { users: [{ user: a, password: a, permissions: { publish: { deny: "$JS.API.CONSUMER.MSG.NEXT.>" } } }, { user: b, password: b }] }',
      answerMs: 5_000,
    });
    await beFast();
    await until(() => broken().length >= 1, { what: 'a question without an answer' });
    await publish(100);
    await feed.caughtUp();
    expect(seen).toEqual(numbers(sent()));
    expect(ways()).toEqual([true]);
  });

  it('takes a message that is larger than what one question may bring', async () => {
    const { feed, seen, publish, beFast, sent } = await openWorld(undefined, { config: 'max_payload: 9437184\nmax_pending: 67108864' });
    await beFast();
    await publish(1, 9_000_000);
    await publish(5);
    await feed.caughtUp();
    expect(seen).toEqual(numbers(sent()));
  });
});

describe.skipIf((await natsServerPath()) === undefined)('questions to a stream', () => {
  it('leave no consumer behind', async () => {
    const { client, manager } = await openWorld();
    const names = async (): Promise<number> => (await manager.streams.info(STREAM)).state.consumer_count;
    await until(async () => (await names()) === 1, { what: 'the consumer of the feed' });
    let calm = false;
    const consumer = await PollConsumer.open({
      client, manager, stream: STREAM, from: 1, onMessage: () => {}, onBroken: () => {}, onCalm: () => void (calm = true),
    });
    expect(await names()).toBe(2);
    await until(() => calm);
    await until(async () => (await names()) === 1);
    consumer.close();
    expect(await names()).toBe(1);
  });
});

async function openWorld(onMessage?: (feed: Feed, message: FeedMessage) => void, options: { config?: string; answerMs?: number } = {}) {
  const { answerMs = PATIENT_MS, ...ofServer } = options;
  const server = await startNatsServer(ofServer);
  ended.push(() => server[Symbol.asyncDispose]());
  const breaker = await startBreaker(server.port);
  ended.push(() => breaker.close());
  const [user, other] = options.config?.includes('authorization') === true ? ['a:a@', { user: 'b', pass: 'b' }] : ['', {}];
  const client = await connect({ servers: server.url, ...other });
  ended.push(() => client.close());
  const manager = await jetstreamManager(client, { timeout: PATIENT_MS });
  await manager.streams.add({ name: STREAM, subjects: ['t.>'] });
  const { log, lines } = recordingLog();
  const connection = new Connection({ servers: parseServerList(`nats://${user}127.0.0.1:${breaker.port}`), name: 'test', log, answerMs });
  await connection.start();
  ended.push(() => connection.close());
  const seen: number[] = [];
  let turns = 0;
  const pace = new ReadingPace();
  const quick = { turn: (_now: number, canWait: boolean) => canWait && ++turns === 1, message: (canWait: boolean) => pace.message(canWait), forget: () => pace.forget() };
  const feed: Feed = openStreamFeed(connection, {
    stream: STREAM, from: 1, maxPayloadBytes: 16_000_000, onLost: () => {}, mayWait: (subject) => subject === 't.asked',
    onMessage: (message) => {
      seen.push(Number(message.text.slice(0, 8)));
      onMessage?.(feed, message);
    },
  }, log, quick);
  ended.push(() => feed.stop());
  await feed.caughtUp();
  let published = 0;
  const publish = async (count: number, length = 8, subject = 't.asked'): Promise<void> => {
    const js = jetstream(client, { timeout: PATIENT_MS });
    for (let left = count; left > 0; left -= 100) {
      await Promise.all(Array.from({ length: Math.min(left, 100) }, () => js.publish(subject, String(++published).padStart(8, '0').padEnd(length, 'x'))));
    }
  };
  const told = (message: string) => lines.filter((line) => line.message === message).map(({ fields }) => fields as { inPieces?: boolean });
  const ways = () => told(WAY).map((fields) => fields.inPieces);
  /** Until it is read in pieces. What comes while the feed still opens does not count as fast. */
  const beFast = () => until(async () => {
    await publish(10);
    return ways().length > 0;
  }, { what: 'reading in pieces' });
  return { feed, seen, publish, beFast, sent: () => published, client, manager, cut: () => breaker.cut(), ways, broken: () => told(BROKEN) };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
