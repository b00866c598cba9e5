import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotFoundError, NotReachedError, UnansweredError, UnavailableError } from '../../src-core/domain/errors.ts';
import { ANY_NODE_QUEUE, anyNodeSubject, decodeFrame, encodeFrame, packError } from '../../src-core/wire/index.ts';
import { callPatiently, callScheduler } from '../../src-core/worker/calls.ts';
import { byHand, job, openConnection, openJobService } from '../../src-core/worker/index.ts';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import type { TestNatsServer } from '../support/nats-server.ts';

const NO_BYTES = new Uint8Array(0);

describe.skipIf(!(await natsServerPath()))('a call of a worker to any scheduler', () => {
  let server: TestNatsServer;
  let asker: NatsConnection;
  let node: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer({ jetstream: false });
    [asker, node] = await Promise.all([connect({ servers: server.url }), connect({ servers: server.url })]);
  });
  afterAll(async () => {
    await asker.close();
    await node.close();
    await server[Symbol.asyncDispose]();
  });

  async function answering(answer: (head: unknown) => Uint8Array | undefined): Promise<() => Promise<void>> {
    const subscription = node.subscribe(anyNodeSubject('job.get'), {
      queue: ANY_NODE_QUEUE,
      callback: (_error, message) => {
        const frame = answer(decodeFrame(message.data)?.head);
        if (frame !== undefined) message.respond(frame);
      },
    });
    await node.flush();
    return () => subscription.drain();
  }

  it('brings the value back', async () => {
    const stop = await answering((head) => encodeFrame({ value: head }, NO_BYTES));
    expect(await callScheduler(asker, 'job.get', { name: 'ä' })).toEqual({ method: 'job.get', input: { name: 'ä' } });
    await stop();
  });

  it("rejects with the scheduler's own error", async () => {
    const stop = await answering(() => encodeFrame({ error: packError(new NotFoundError('job', 'a.b.c')) }, NO_BYTES));
    await expect(callScheduler(asker, 'job.get', {})).rejects.toThrow(new NotFoundError('job', 'a.b.c'));
    await stop();
  });

  it('says so when no scheduler is there', async () => {
    await expect(callScheduler(asker, 'job.get', {})).rejects.toThrow(NotReachedError);
  });

  it('says that it may have been done when nobody answered', async () => {
    const stop = await answering(() => undefined);
    await expect(callScheduler(asker, 'job.get', {}, 50)).rejects.toThrow(UnansweredError);
    await stop();
  });

  it('takes no nonsense for an answer', async () => {
    const stop = await answering(() => Uint8Array.of(1, 2, 3));
    await expect(callScheduler(asker, 'job.get', {})).rejects.toThrow('something that is no answer');
    await stop();
  });

  it('waits, where that is asked for, until a scheduler is there', async () => {
    await using connection = await openConnection({ url: server.url });
    const [answer, stop] = await Promise.all([callPatiently(connection, 'job.get', {}), asker.flush().then(() => answering(() => encodeFrame({ value: 'here' }, NO_BYTES)))]);
    expect(answer).toBe('here');
    await stop();
  });

  it('tells as created what was created before a scheduler went away', async () => {
    const asked: string[] = [];
    const subscription = node.subscribe(anyNodeSubject('>' as never), { callback: (_error, message) => {
      const { method } = decodeFrame(message.data)!.head as { method: string };
      const isFirst = !asked.includes(method);
      asked.push(method);
      const answer = method === 'job.declare' ? { value: { outcome: isFirst ? 'created' : 'unchanged' } } : isFirst ? { error: packError(new UnavailableError('away')) } : { value: { items: [], nextCursor: null } };
      message.respond(encodeFrame(answer, NO_BYTES));
    } });
    await node.flush();
    await using service = await openJobService({ url: server.url, app: 'shop', jobs: [job('slow', byHand(), () => undefined)] });
    expect(await service.declared).toEqual({ created: ['slow'], updated: [], unchanged: [], undeclared: [] });
    expect(asked.filter((method) => method.startsWith('job.'))).toEqual(['job.declare', 'job.list', 'job.list']);
    await subscription.drain();
  });
});
