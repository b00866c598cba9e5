import { describe, expect, it } from 'vitest';
import { AlreadyExistsError, ConflictError, InvalidInputError, NodeFaultError, NotFoundError, NotLeadingError, RunSkippedError, StaleVersionError, UnansweredError, UnavailableError } from '../../../src-core/domain/errors.ts';
import { NodeCalls } from '../../../src-core/engine/node-calls.ts';
import { callSubject, encodeFrame, unpackError } from '../../../src-core/wire/index.ts';
import type { MemoryBus } from '../../support/memory-bus.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { recordingLog } from '../../support/nats-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function twoNodes() {
  const clock = new VirtualClock();
  const server = new MemoryNats(clock);
  const node = (nodeId: string) => {
    const bus = server.connect() as MemoryBus;
    const { log } = recordingLog();
    const calls = new NodeCalls({ bus, log, config: { nodeId } });
    calls.start();
    return { bus, calls };
  };
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    promise.then(() => (done = true), () => (done = true));
    while (!done) await clock.advance(10);
    return promise;
  };
  return { clock, a: node('a'), b: node('b'), run };
}

const ERRORS = [
  new InvalidInputError([{ field: 'args', message: 'too long' }]), new NotFoundError('job', 'a.b.c'), new AlreadyExistsError('app', 'x'), new StaleVersionError('a.b.c', 7),
  new ConflictError('It has ended.'), new RunSkippedError('overlap', 'One runs already.'), new UnavailableError('NATS is away.'), new UnansweredError('No answer.'),
  new NotLeadingError('b leads'), new NodeFaultError('what?'),
];

describe('calls between nodes', () => {
  it('bring a value and bytes there and back', async () => {
    const { a, b, run } = twoNodes();
    b.calls.serve('double', async (input, bytes) => ({ value: (input as { n: number }).n * 2, bytes: bytes.map((each) => each + 1) }));
    expect(await run(a.calls.ask('b', 'double', { n: 21 }, 1_000, Uint8Array.of(1, 2)))).toEqual({ value: 42, bytes: Uint8Array.of(2, 3) });
  });

  it('reach the own node, too', async () => {
    const { a, run } = twoNodes();
    a.calls.serve('hello', async () => ({ value: 'a' }));
    expect((await run(a.calls.ask('a', 'hello', undefined, 1_000))).value).toBe('a');
  });

  it.each(ERRORS.map((error) => [error.name, error] as const))('%s crosses as itself', async (_name, error) => {
    const { a, b, run } = twoNodes();
    b.calls.serve('fail', async () => {
      throw error;
    });
    const got = await run(a.calls.ask('b', 'fail', null, 1_000).then(() => undefined, (thrown: unknown) => thrown));
    expect(got).toBeInstanceOf(error.constructor);
    expect(got).toEqual(error);
    expect(got).toMatchObject({ name: error.name, message: error.message, ...Object.fromEntries(Object.entries(error)) });
  });

  it('tell a fault of the other node as one', async () => {
    const { a, b, run } = twoNodes();
    b.calls.serve('fail', async () => {
      throw new TypeError('oh');
    });
    await expect(run(a.calls.ask('b', 'fail', null, 1_000))).rejects.toThrow(new NodeFaultError('The other server failed over it: oh'));
  });

  it('say that a method is not known', async () => {
    const { a, run } = twoNodes();
    await expect(run(a.calls.ask('b', 'nonsense', null, 1_000))).rejects.toThrow(/does not know the call "nonsense"/);
    await expect(run(a.calls.ask('b', 'toString', null, 1_000))).rejects.toThrow(NodeFaultError);
  });

  it('say that nobody is there', async () => {
    const { a, b, run } = twoNodes();
    const got = await run(a.calls.ask('c', 'x', null, 1_000).then(() => undefined, (thrown: unknown) => thrown));
    expect(got).toBeInstanceOf(UnavailableError);
    expect(got).not.toBeInstanceOf(UnansweredError);
    await run(b.calls.stop());
    await expect(run(a.calls.ask('b', 'x', null, 1_000))).rejects.toThrow(UnavailableError);
  });

  it('refuse what is too long, there and back', async () => {
    const { a, b, run } = twoNodes();
    const long = new Uint8Array(a.bus.maxPayloadBytes);
    b.calls.serve('long', async () => ({ bytes: long }));
    await expect(run(a.calls.ask('b', 'long', null, 1_000, long))).rejects.toThrow(/call long is too long/);
    await expect(run(a.calls.ask('b', 'long', null, 1_000))).rejects.toThrow(/answer is too long/);
  });

  it('refuse more than 256 at a time, and go on when they are done', async () => {
    const { a, b, clock, run } = twoNodes();
    const open: (() => void)[] = [];
    b.calls.serve('wait', () => new Promise((resolve) => open.push(() => resolve({}))));
    const waiting = Array.from({ length: 256 }, () => a.calls.ask('b', 'wait', null, 60_000));
    while (open.length < 256) await clock.advance(1);
    await expect(run(a.calls.ask('b', 'wait', null, 1_000))).rejects.toThrow(/too many calls/);
    for (const release of open) release();
    await run(Promise.all(waiting));
    b.calls.serve('wait', async () => ({ value: 1 }));
    expect((await run(a.calls.ask('b', 'wait', null, 1_000))).value).toBe(1);
  });

  it.each([
    ['no frame', Uint8Array.of(1, 2, 3)],
    ['a head that is a number', encodeFrame(7, new Uint8Array(0))],
    ['no method', encodeFrame({ input: 1 }, new Uint8Array(0))],
    ['a method that is none', encodeFrame({ method: { a: 1 } }, new Uint8Array(0))],
  ])('answer %s with an error, and go on', async (_what, payload) => {
    const { a, b, run } = twoNodes();
    b.calls.serve('hello', async () => ({ value: 'b' }));
    const answer = await run(a.bus.request(callSubject('b', 'hello'), payload, 1_000));
    expect(Buffer.from(answer).toString()).toMatch(/NodeFaultError.*not one that nodes send/);
    expect((await run(a.calls.ask('b', 'hello', null, 1_000))).value).toBe('b');
  });

  it.each([
    ['no frame', Uint8Array.of(9)],
    ['a head that is nothing', encodeFrame(null, new Uint8Array(0))],
    ['an error of no kind', encodeFrame({ error: { name: '__proto__', message: 'x' } }, new Uint8Array(0))],
    ['an error that is none', encodeFrame({ error: null }, new Uint8Array(0))],
  ])('take %s for an answer as a fault of the other node', async (_what, answer) => {
    const { a, b, run } = twoNodes();
    b.bus.respond(callSubject('odd', '*'), async () => answer);
    await expect(run(a.calls.ask('odd', 'x', null, 1_000))).rejects.toThrow(NodeFaultError);
  });

  it.each([
    { name: 'InvalidInputError', message: 'm', fields: { errors: 'no' } }, { name: 'InvalidInputError', message: 'm', fields: { errors: [null, 3, { field: 1 }] } },
    { name: 'NotFoundError', message: 'm' }, { name: 'StaleVersionError', message: 'm', fields: null }, { name: 3, message: 'm' }, 'text', undefined,
  ])('make an error of %j', (packed) => {
    expect(unpackError(packed)).toBeInstanceOf(Error);
  });
});
