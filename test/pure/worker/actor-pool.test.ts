import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { NonRetryableError, PoolStoppedError } from '../../../src-core/worker/errors.ts';
import { openActorPool } from '../../../src-core/worker/actors/index.ts';
import type { ActorPoolOptions, DeadLetter } from '../../../src-core/worker/actors/index.ts';
import { actorOf } from '../../../src-core/worker/actors/route.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

interface Note {
  readonly key?: string;
  readonly number: number;
}

describe('an actor pool', () => {
  it('handles the messages of a key in order whatever fails, and each until it is done', async () => {
    await fc.assert(fc.asyncProperty(
      fc.array(fc.record({ key: fc.integer({ min: 0, max: 5 }), failures: fc.integer({ min: 0, max: 2 }), waitMs: fc.integer({ min: 0, max: 3 }) }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }),
      async (plan, actors, inboxSize) => {
        const clock = new VirtualClock();
        const begun: number[] = [];
        const done: number[] = [];
        const pool = openActorPool<number>({ name: 'pool', actors, inboxSize, clock, handler: (number, { attempt }) => {
          const { failures, waitMs } = plan[number]!;
          begun.push(number);
          const act = (): void => {
            if (attempt <= failures) throw new Error('not yet');
            done.push(number);
          };
          if (waitMs === 0) return act();
          return new Promise<void>((resolve) => clock.after(waitMs, resolve)).then(act);
        } });
        const sent = Promise.all(plan.map(({ key }, number) => pool.send(number, `key-${key}`)));
        await clock.advance(60 * 3 * 30);
        await sent;
        expect([...done].sort((a, b) => a - b)).toEqual(plan.map((_, number) => number));
        for (const order of [begun, done]) {
          for (let key = 0; key <= 5; key++) {
            const own = order.filter((number) => plan[number]!.key === key);
            expect(own).toEqual([...own].sort((a, b) => a - b));
          }
        }
        expect(await pool.stop()).toEqual([]);
        expect(clock.timers).toBe(0);
      },
    ), { numRuns: 60 });
  });

  it('gives messages without a key to one actor after the other', async () => {
    const actors: number[] = [];
    const { pool } = open({ actors: 3, handler: (_message, { actor }) => void actors.push(actor) });
    for (let number = 0; number < 7; number++) pool.offer({ number });
    expect(actors).toEqual([0, 1, 2, 0, 1, 2, 0]);
    await pool.stop();
  });

  it('passes over actors without room when there is no key, and says so when none has any', async () => {
    const gate = openGate();
    const { pool } = open({ actors: 2, inboxSize: 1, handler: () => gate.promise });
    const key = keyOf(0, 2);
    expect(pool.offer({ number: 1 }, key)).toBe(true);
    expect(pool.offer({ number: 2 })).toBe(true);
    expect(pool.offer({ number: 3 })).toBe(false);
    expect(pool.offer({ number: 3 }, key)).toBe(false);
    expect(pool.figures()).toMatchObject({ sent: 2, waiting: 2, inboxFull: 2 });
    gate.resolve();
    await pool.stop();
  });

  it('lets senders wait for room, in the order in which they came', async () => {
    const order: number[] = [];
    const gate = openGate();
    const { pool } = open({ actors: 1, inboxSize: 2, handler: async ({ number }) => {
      await gate.promise;
      order.push(number);
    } });
    const sent: number[] = [];
    const sending = Array.from({ length: 6 }, (_, number) => pool.send({ number }, 'a').then(() => sent.push(number)));
    await Promise.resolve();
    expect(sent).toEqual([0, 1]);
    expect(pool.offer({ number: 9 }, 'a')).toBe(false);
    gate.resolve();
    await Promise.all(sending);
    await pool.drained();
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(sent).toEqual(order);
    await pool.stop();
  });

  it('makes a handler anew for an actor whose handler threw, and only for that', async () => {
    const made: number[] = [];
    const { pool, clock } = open({ actors: 2, createHandler: (actor) => {
      made.push(actor);
      let count = 0;
      return () => {
        if (++count === 2) throw new Error('its state is broken');
      };
    } }, 'no handler');
    const [first, second] = [keyOf(0, 2), keyOf(1, 2)];
    pool.offer({ number: 1 }, first);
    pool.offer({ number: 2 }, second);
    pool.offer({ number: 3 }, first);
    await clock.advance(100);
    expect(made).toEqual([0, 1, 0]);
    expect(pool.figures()).toMatchObject({ processed: 3, failed: 1, restarted: 1, deadLetters: 0 });
    await pool.stop();
  });

  it('gives a message up after the restarts it may cause, and goes on with the next', async () => {
    const handled: string[] = [];
    const { pool, clock, letters } = open({ actors: 1, maxRestarts: 2, handler: ({ number }, { attempt }) => {
      handled.push(`${number}:${attempt}`);
      if (number === 1) throw new Error('poison');
    } });
    for (const number of [1, 2]) pool.offer({ number }, 'a');
    await clock.advance(1_000);
    expect(handled).toEqual(['1:1', '1:2', '1:3', '2:1']);
    expect(letters).toMatchObject([{ message: { number: 1 }, failures: 3, error: { message: 'poison' } }]);
    expect(pool.figures()).toMatchObject({ processed: 1, failed: 3, restarted: 3, deadLetters: 1 });
    await pool.stop();
  });

  it('counts only restarts within the window', async () => {
    let calls = 0;
    const { pool, clock, letters } = open({ actors: 1, maxRestarts: 1, restartWindowMs: 100, restartDelayMs: () => 100, handler: () => {
      if (++calls < 6) throw new Error('away for a while');
    } });
    pool.offer({ number: 1 }, 'a');
    await clock.advance(1_000);
    expect(calls).toBe(6);
    expect(letters).toEqual([]);
    await pool.stop();
  });

  it('gives a message up at once when its error says that trying again does not help', async () => {
    const { pool, clock, letters } = open({ actors: 1, handler: () => {
      throw new NonRetryableError('no such customer');
    } });
    pool.offer({ number: 1 }, 'a');
    await clock.settle();
    expect(letters).toMatchObject([{ failures: 1 }]);
    await pool.stop();
  });

  it('tries to keep a dead letter until it has worked, and handles nothing of the actor before', async () => {
    let refusals = 3;
    const handled: number[] = [];
    const kept: number[] = [];
    const { pool, clock } = open({ actors: 1, maxRestarts: 0, handler: ({ number }) => {
      handled.push(number);
      if (number === 1) throw new Error('poison');
    }, onDeadLetter: ({ message }) => {
      if (refusals-- > 0) throw new Error('the disk is full');
      kept.push(message.number);
    } });
    for (const number of [1, 2]) pool.offer({ number }, 'a');
    await clock.advance(40);
    expect({ handled, kept }).toEqual({ handled: [1], kept: [] });
    await clock.advance(10_000);
    expect({ handled, kept }).toEqual({ handled: [1, 2], kept: [1] });
    await pool.stop();
  });

  it('waits for what is there when it stops, and gives back what takes too long, the message in hand first', async () => {
    const never = new Promise<void>(() => {});
    let aborted: unknown;
    const { pool, clock } = open({ actors: 2, handler: ({ number }, { signal }) => {
      signal.addEventListener('abort', () => (aborted = signal.reason));
      return number === 1 ? never : undefined;
    } });
    for (const number of [1, 2, 3]) pool.offer({ number }, 'a');
    const stopping = pool.stop({ graceMs: 500 });
    expect(pool.offer({ number: 4 }, 'a')).toBe(false);
    await expect(pool.send({ number: 4 }, 'a')).rejects.toThrow(PoolStoppedError);
    await clock.advance(499);
    expect(aborted).toBeUndefined();
    await clock.advance(1);
    expect((await stopping).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(aborted).toBeInstanceOf(PoolStoppedError);
    expect(clock.timers).toBe(0);
  });

  it('refuses senders that still wait when it stops', async () => {
    const { pool, clock } = open({ actors: 1, inboxSize: 1, handler: () => new Promise(() => {}) });
    await pool.send({ number: 1 }, 'a');
    const waiting = expect(pool.send({ number: 2 }, 'a')).rejects.toThrow(PoolStoppedError);
    const stopping = pool.stop({ graceMs: 1 });
    await clock.advance(1);
    await waiting;
    expect(await stopping).toEqual([{ number: 1 }]);
  });

  it('shows its figures on a registry of prom-client, by the names that dashboards have, until it stops', async () => {
    const registry = new Registry();
    const gate = openGate();
    const { pool, clock } = open({ name: 'shop-1', actors: 2, inboxSize: 4, maxRestarts: 0, registry, handler: ({ number }) => {
      if (number === 0) throw new Error('poison');
      return number === 9 ? gate.promise : undefined;
    } });
    const key = keyOf(1, 2);
    for (const number of [0, 1, 2]) pool.offer({ number }, key);
    await clock.settle();
    pool.offer({ number: 9 }, key);
    const prefix = 'nats_eventbus_shop_1_actor_pool';
    const text = await registry.metrics();
    for (const line of [
      'messages_sent_total 4', 'messages_processed_total{result="success"} 2', 'messages_processed_total{result="error"} 1',
      'inbox_depth{actor="0"} 0', 'inbox_depth{actor="1"} 1', 'inbox_utilization{actor="1"} 0.25', 'inbox_full_total 0',
      'actor_restarted_total{actor="1"} 1', 'dead_letters_total 1', 'message_latency_seconds_count 3', 'message_latency_seconds_bucket{le="0.0001"} 3', 'message_latency_seconds_bucket{le="+Inf"} 3',
    ]) expect(text.split('\n')).toContain(`${prefix}_${line}`);
    gate.resolve();
    await pool.stop();
    expect(await registry.metrics()).not.toContain(prefix);
  });

  it.each([
    [{ actors: 0 }, /^actors must be a whole number from 1 to 65536, not 0/], [{ inboxSize: 1.5 }, /^inboxSize/], [{ name: 'a b' }, /^name/],
    [{ createHandler: () => () => {} }, /^handler must be given, or else createHandler/],
  ])('refuses %j', (options, message) => {
    expect(() => openActorPool({ name: 'pool', handler: () => {}, ...options })).toThrow(message);
  });
});

function open(options: Partial<ActorPoolOptions<Note>>, without?: 'no handler') {
  const clock = new VirtualClock();
  const letters: DeadLetter<Note>[] = [];
  const pool = openActorPool<Note>({ name: 'pool', clock, onDeadLetter: (letter) => void letters.push(letter), ...(without ? {} : { handler: () => {} }), ...options });
  return { pool, clock, letters };
}

/** A key that goes to that actor. */
function keyOf(actor: number, actors: number): string {
  for (let i = 0; ; i++) if (actorOf(`key-${i}`, actors) === actor) return `key-${i}`;
}

function openGate(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
