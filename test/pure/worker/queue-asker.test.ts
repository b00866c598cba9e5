import { expect, test } from 'vitest';
import { decodeAsked } from '../../../src-core/wire/index.ts';
import type { WorkerConnection } from '../../../src-core/worker/connection.ts';
import { Asker } from '../../../src-core/worker/queue/asker.ts';
import { VIRTUAL_START, VirtualClock } from '../../support/virtual-clock.ts';

interface Answer {
  /** How long the question, and the answer, are under way, ms. */
  readonly there: number;
  readonly back: number;
  /** How far the server's clock is ahead, ms. */
  readonly ahead: number;
}

/** How far what is asked for then says to be from the time by the server's clock, ms. */
async function offAfter({ there, back, ahead }: Answer): Promise<number> {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const info = async (): Promise<{ ts: string }> => {
    await clock.advance(there);
    const ts = new Date(clock.now() + ahead).toISOString();
    await clock.advance(back);
    return { ts };
  };
  const connection = { clock, whenConnected: () => Promise.resolve(), manager: { streams: { info } }, publisher: { publish: (_subject: string, text: string) => void asked.push(text) } };
  const asker = new Asker(connection as unknown as WorkerConnection, { namespace: 'app', app: 'shop', job: 'mail', giveUpAfterMs: 1_000 });
  await asker.setClock();
  void asker.ask({});
  const read = decodeAsked(asked[0]!);
  if (!read.ok) throw new Error(read.problem);
  return read.at - (VIRTUAL_START + there + back + ahead);
}

test.each<[what: string, answer: Answer, off: number]>([
  ['at once', { there: 0, back: 0, ahead: 0 }, 0],
  ['and the process stood still over the answer', { there: 1, back: 900, ahead: 0 }, 0],
  ['after it stood still itself', { there: 900, back: 1, ahead: 0 }, 0],
  ['by a clock that is ahead', { there: 2, back: 3, ahead: 86_400_000 }, -3],
  ['by a clock that is behind', { there: 2, back: 3, ahead: -86_400_000 }, 2],
])('where the clocks agree, what is asked for is of the moment it is asked at; else within the time that the question took: the server answers %s', async (_what, answer, off) => {
  expect(await offAfter(answer)).toBe(off);
});
