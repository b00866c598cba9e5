import { expect, test } from 'vitest';
import { HeldAsks } from '../../../src-core/engine/held-asks.ts';
import type { FeedMessage } from '../../../src-core/ports/index.ts';

interface Told {
  readonly held: HeldAsks;
  readonly said: string[];
  /** Ends the oldest question for the definitions. */
  answer(error?: Error): Promise<void>;
}

function open(): Told {
  const said: string[] = [];
  const asked: ((error?: Error) => void)[] = [];
  const held = new HeldAsks({
    definitionsRead: () => new Promise((resolve, reject) => asked.push((error) => (error === undefined ? resolve() : reject(error)))),
    apply: ({ sequence }) => void said.push(String(sequence)),
    pause: () => void said.push('pause'),
    resume: () => void said.push('resume'),
  });
  const answer = async (error?: Error): Promise<void> => {
    asked.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { held, said, answer };
}

function message(sequence: number, text = ''): FeedMessage {
  return { sequence, subject: 'natsjob.run.asked.app.biz.work', storedAt: 0, text, tooLong: false, header: () => '' };
}

test('what comes while the definitions are being read waits for those stored by then', async () => {
  const { held, said, answer } = open();
  held.hold(message(7));
  held.hold(message(8));
  expect(held.first).toBe(7);
  await answer();
  expect([said, held.first]).toEqual([['7'], 8]);
  await answer();
  expect([said, held.first]).toEqual([['7', '8'], undefined]);
  held.hold(message(9));
  await answer();
  expect(said).toEqual(['7', '8', '9']);
});

test('all that is held at a call is applied when it has settled, whatever comes after', async () => {
  const { held, said, answer } = open();
  held.hold(message(1));
  held.hold(message(2));
  const settled = held.settled();
  await answer();
  held.hold(message(3));
  await answer();
  await settled;
  expect([said, held.first]).toEqual([['1', '2'], 3]);
});

test('with too much of it the reading of runs waits', async () => {
  const { held, said, answer } = open();
  held.hold(message(1, 'x'.repeat(3_000_000)));
  held.hold(message(2, 'x'.repeat(3_000_000)));
  expect(said).toEqual(['pause']);
  await answer();
  expect(said).toEqual(['pause', '1', 'resume']);
});

test('when no definitions are read any more, what is held is still to be read', async () => {
  const { held, said, answer } = open();
  held.hold(message(1));
  await answer(new Error('gone'));
  await held.settled();
  expect([said, held.first]).toEqual([[], 1]);
  held.clear();
  expect(held.first).toBeUndefined();
  held.hold(message(1));
  await answer();
  expect(said).toEqual(['1']);
});
