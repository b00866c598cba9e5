import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import type { Store } from '../../src-core/ports/index.ts';
import { openSqliteStore } from '../../src-core/sql/index.ts';
import { aBatch, aRun, ended, idAt } from '../support/store-rows.ts';
import { READER_ENTRY, recordingLog } from '../support/store-sqlite.ts';
import { until } from '../support/until.ts';

let folder: string;
let store: Store;
const logged: string[] = [];

async function open(readerEntry: string): Promise<void> {
  store = await openSqliteStore({ file: join(folder, 'natsjob.db'), log: recordingLog(logged), readerEntry });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'natsjob-threads-'));
  logged.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await store.close();
  rmSync(folder, { recursive: true });
});

describe('the reader thread of the SQLite store', () => {
  it('answers many requests at once, each its own', async () => {
    await open(READER_ENTRY);
    await store.apply(aBatch({ insertRuns: Array.from({ length: 50 }, (_, index) => aRun({ id: idAt(index) })) }));
    const pages = await Promise.all(Array.from({ length: 49 }, (_, index) => store.runs({ limit: 1, before: idAt(index + 1) })));
    expect(pages.map((page) => page.items[0]!.id)).toEqual(Array.from({ length: 49 }, (_, index) => idAt(index)));
  });

  it('turns requests away when hundreds wait, and answers those it took', async () => {
    await open(READER_ENTRY);
    const settled = await Promise.allSettled(Array.from({ length: 300 }, () => store.runs({ limit: 1 })));
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(300 - 256);
    expect(refused[0]!.reason).toBeInstanceOf(UnavailableError);
    await store.runs({ limit: 1 });
  });

  it('that dies fails what waited, in words, is started again for the next request, and holds up no write', async () => {
    const once = join(folder, 'once.mjs');
    const mark = join(folder, 'mark');
    // Dies on its first start.
    writeFileSync(once, `
      import fs from 'node:fs';
      if (!fs.existsSync(${JSON.stringify(mark)})) { fs.writeFileSync(${JSON.stringify(mark)}, ''); throw new Error('planned'); }
      await import(${JSON.stringify(READER_ENTRY)});`);
    await open(once);
    const failing = Promise.allSettled([store.runs({ limit: 1 }), store.skips({ limit: 1 })]);
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }));
    for (const one of await failing) expect(one).toMatchObject({ status: 'rejected', reason: expect.objectContaining({ name: 'UnavailableError', message: expect.stringMatching(/died: planned/) as string }) as unknown });
    expect(logged).toHaveLength(1);
    expect((await store.runs({ limit: 1 })).items).toHaveLength(1);
  });

  it('that starts slowly is waited for: the time that a read has begins when it takes requests', async () => {
    const slow = join(folder, 'slow.mjs');
    const go = join(folder, 'go');
    writeFileSync(slow, `
      import fs from 'node:fs';
      while (!fs.existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));
      await import(${JSON.stringify(READER_ENTRY)});`);
    await open(slow);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const tooSlow = store.runs({ limit: 1 }).catch((error: Error) => error.message);
    vi.advanceTimersByTime(70_000);
    expect(await tooSlow).toMatch(/took too long/);
    const read = store.runs({ limit: 1 });
    vi.advanceTimersByTime(45_000);
    writeFileSync(go, '');
    expect(await read).toEqual({ items: [], nextBefore: undefined });
    vi.useRealTimers();
  });

  it('that cannot be found fails reads, not writes', async () => {
    await open(join(folder, 'nowhere.mjs'));
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }));
    await expect(store.runs({ limit: 1 })).rejects.toBeInstanceOf(UnavailableError);
    expect(await store.run(idAt(1))).toBeDefined();
  });

  it('moves the write-ahead log into the file while writing goes on, so that the log stays small', async () => {
    await open(READER_ENTRY);
    await store.runs({ limit: 1 });
    for (let batch = 0; batch < 400; batch++) {
      const runs = Array.from({ length: 100 }, (_, index) => aRun({ id: idAt(batch * 100 + index, index), jobNumber: index, job: `job${index}`, args: 'x'.repeat(200) }));
      await store.apply(aBatch({ insertRuns: runs, checkpoints: [{ stream: 's', created: 'c', sequence: batch }] }));
      await store.apply(aBatch({ updateRuns: runs.map((run) => ended(run)) }));
      await nextTurn();
      // What is asked for comes behind the log that is being moved: so a slow disk cannot fall behind without a bound.
      if (batch % 10 === 9) await until(() => store.runs({ limit: 1 }).then(() => true, () => false));
    }
    const { databaseBytes, walBytes } = await store.size();
    expect(databaseBytes).toBeGreaterThan(5_000_000);
    expect(walBytes).toBeLessThan(100_000_000);
    expect(await store.highestRunId()).toBe(idAt(39_999, 99));
  });

  it('gives a page with a place to go on when a text is nowhere in very many rows', async () => {
    await open(READER_ENTRY);
    for (let batch = 0; batch < 100; batch++) {
      await store.apply(aBatch({ insertRuns: Array.from({ length: 1_000 }, (_, index) => aRun({ id: idAt(batch * 1_000 + index), reason: 'y'.repeat(100), state: 'completed' })) }));
    }
    const query = { reason: 'nowhere', limit: 10 };
    let calls = 0;
    let rest: string | undefined;
    do {
      const page = await store.runs(rest === undefined ? query : { ...query, before: rest });
      expect(page.items).toEqual([]);
      rest = page.nextBefore;
      calls++;
    } while (rest !== undefined && calls < 1_000);
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThan(1_000);
  });

  it('is gone, with the log and its lock, once the store is closed', async () => {
    await open(READER_ENTRY);
    await store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }));
    await store.runs({ limit: 1 });
    await store.close();
    expect(existsSync(join(folder, 'natsjob.db-wal'))).toBe(false);
    expect(statSync(join(folder, 'natsjob.db')).size).toBeGreaterThan(0);
    await open(READER_ENTRY);
  });
});
