import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import { NewerSchemaError, StaleTermError, type RemoteDatabase, type ViewBatch } from '../../src-core/ports/index.ts';
import type { RemoteStore } from '../../src-core/sql/index.ts';
import { plain } from '../../src-core/sql/remote/dialect.ts';
import { LIMITS } from '../../src-core/sql/remote/limits.ts';
import { awakeMs } from '../support/awake-time.ts';
import { PASSWORD, type DatabaseServer } from '../support/database-server.ts';
import { startBreaker } from '../support/nats-breaker.ts';
import { patiently } from '../support/patiently.ts';
import { openRemote, PRODUCTS } from '../support/remote-products.ts';
import { aBatch, aRun, aSkip, ended, idAt, T0 } from '../support/store-rows.ts';
import { recordingLog } from '../support/store-sqlite.ts';
import { until } from '../support/until.ts';

for (const { name, isThere, start, dialect, commit, first } of PRODUCTS) {
  describe.skipIf(!isThere)(`${name} store`, () => {
    let server: DatabaseServer;
    let database: RemoteDatabase;
    const stores: RemoteStore[] = [];
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      database = await server.fresh();
    });
    afterEach(async () => {
      await Promise.all(stores.splice(0).map((store) => store.close()));
    });
    const open = (part: Partial<RemoteDatabase> = {}, options: Parameters<typeof openRemote>[1] = {}): RemoteStore => {
      const store = openRemote({ ...database, ...part }, options);
      stores.push(store);
      return store;
    };
    const ends = async (store: RemoteStore): Promise<number> => {
      const rows = await store.endTotals({ jobNumbers: [1], from: T0 - 60_000, to: T0 + 600_000, bucketMs: 60_000 });
      return rows.reduce((sum, row) => sum + row.completed + row.failed, 0);
    };
    const skips = async (store: RemoteStore): Promise<number> => (await store.skips({ limit: 10 })).items.reduce((sum, { count }) => sum + count, 0);

    describe('a commit whose answer is lost', () => {
      const run = aRun({ id: idAt(1) });
      const batch = (): ViewBatch => aBatch({
        insertRuns: [run], updateRuns: [ended(run)], addSkips: [aSkip({ count: 3 })], checkpoints: [{ stream: 's', created: 'c', sequence: 7 }],
      });

      for (const when of ['after', 'before'] as const) {
        it(`counts once when the same batch is applied again, cut ${when} the server had it`, async () => {
          const breaker = await startBreaker(server.port);
          const store = open({ port: breaker.port });
          await patiently(() => store.apply(aBatch({})));
          const isCut = breaker.cutAt(commit.asked, when === 'after' ? commit.answered : undefined);
          await expect(store.apply(batch())).rejects.toBeInstanceOf(UnavailableError);
          await isCut;
          const other = open();
          // Its answers begin before its commit ends.
          if (when === 'after') await until(async () => (await skips(other)) === 3);
          else expect(await skips(other)).toBe(0);
          await until(() => store.apply(batch()).then(() => true, () => false));
          expect([await skips(other), await ends(other)]).toEqual([3, 1]);
          await store.close();
          await breaker.close();
        });

        it(`counts once when its counters come again in a larger batch, cut ${when} the server had it`, async () => {
          const breaker = await startBreaker(server.port);
          const store = open({ port: breaker.port });
          await patiently(() => store.apply(aBatch({})));
          const first = batch();
          const isCut = breaker.cutAt(commit.asked, when === 'after' ? commit.answered : undefined);
          await expect(store.apply(first)).rejects.toBeInstanceOf(UnavailableError);
          await isCut;
          const larger = { ...first, addSkips: [...first.addSkips, aSkip({ count: 4 })], checkpoints: [{ stream: 's', created: 'c', sequence: 9 }] };
          await until(() => store.apply(larger).then(() => true, () => false));
          await patiently(() => store.apply(aBatch({ addSkips: [aSkip({ count: 10 })], checkpoints: [{ stream: 's', created: 'c', sequence: 10 }] })));
          expect([await skips(store), await ends(store)]).toEqual([17, 1]);
          await store.close();
          await breaker.close();
        });
      }
    });

    it('lets a leader that stands still in the midst of a batch hold up its successor for seconds only', async () => {
      const product = dialect();
      const store = open();
      await patiently(() => store.apply(aBatch({ term: 1 })));
      const paused = await product.connect({ database, log: recordingLog([]), answerMs: 60_000 }, 'write');
      const lockedAt = performance.now();
      await paused.run([...product.begin, plain('select val from natsjob_meta where name = \'term\' for update')]);
      const held = await store.apply(aBatch({ term: 2, insertRuns: [aRun({ id: idAt(2) })] })).catch((error: unknown) => error);
      // Where this test itself stood still for longer, the server may have ended the other already.
      if (performance.now() - lockedAt < LIMITS.write.idleMs) expect(held).toBeInstanceOf(UnavailableError);
      await until(() => store.apply(aBatch({ term: 2, insertRuns: [aRun({ id: idAt(2) })] })).then(() => true, () => false), { deadlineMs: 30_000 });
      await expect(paused.run([plain('update natsjob_meta set val = 1 where name = \'term\''), product.commit])).rejects.toThrow();
      await expect(store.apply(aBatch({ term: 1 }))).rejects.toBeInstanceOf(StaleTermError);
      paused.destroy();
    });

    it('refuses one of two nodes that both believe to lead, and counts its ends once', async () => {
      const [old, young] = [open(), open()];
      const run = aRun({ id: idAt(1) });
      await patiently(() => old.apply(aBatch({ term: 4, insertRuns: [run] })));
      const outcomes = await Promise.allSettled([
        old.apply(aBatch({ term: 4, updateRuns: [ended(run)], addSkips: [aSkip({})] })), until(() => young.apply(aBatch({ term: 5, insertRuns: [run], updateRuns: [ended(run)] })).then(() => true, unlessAway)),
      ]);
      expect(outcomes[1]?.status).toBe('fulfilled');
      await expect(old.apply(aBatch({ term: 4 }))).rejects.toBeInstanceOf(StaleTermError);
      expect(await ends(young)).toBe(1);
      expect(await skips(young)).toBe(outcomes[0]?.status === 'fulfilled' ? 1 : 0);
    });

    it('names jobs again whose names another node has dropped', async () => {
      const [one, two] = [open(), open()];
      await patiently(() => one.apply(aBatch({ insertRuns: [ended(aRun({ id: idAt(1) }))] })));
      await patiently(() => two.apply(aBatch({ term: 2 })));
      expect(await patiently(() => two.deleteRunsBefore(idAt(5), 10))).toBe(1);
      await patiently(() => one.apply(aBatch({ term: 3, insertRuns: [aRun({ id: idAt(9) })] })));
      expect(await one.run(idAt(9))).toEqual(aRun({ id: idAt(9) }));
    });

    it('makes its tables once when many nodes start at the same moment', async () => {
      const several = Array.from({ length: 5 }, () => open());
      await Promise.all(several.map((store, index) => until(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(index) })] })).then(() => true, unlessAway))));
      expect((await several[0]!.runs({ limit: 10 })).items).toHaveLength(5);
      expect(await several[1]!.migrate()).toEqual({ from: 3, to: 3 });
      expect(await several[2]!.facts()).toMatchObject({ schemaVersion: 3, oldestRunAt: T0, server: expect.stringMatching(/^(PostgreSQL|MariaDB) \d+\.\d+/) });
    });

    it('refuses a newer schema, also one that comes while it runs', async () => {
      const running = open();
      await running.probe();
      server.admin('update natsjob_meta set val = 99 where name = \'schema\'', database.database);
      await expect(running.apply(aBatch({}))).rejects.toThrow(NewerSchemaError);
      await expect(open().checkpoints()).rejects.toThrow(/schema 99, this program knows up to 3/);
    });

    it('makes tables again that somebody dropped', async () => {
      const store = open();
      await patiently(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] })));
      server.admin('drop table natsjob_run', database.database);
      await expect(store.apply(aBatch({ insertRuns: [aRun({ id: idAt(2) })] }))).rejects.toBeInstanceOf(UnavailableError);
      await patiently(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(2) })] })));
      expect((await store.runs({ limit: 5 })).items.map(({ id }) => id)).toEqual([idAt(2)]);
    });

    it('says in a sentence without the password what is wrong, until the server lets it in', async () => {
      const wrong = open({ password: 'nobody knows' });
      const error = await wrong.probe().catch((thrown: Error) => thrown) as Error & { cause: Error };
      expect(error).toBeInstanceOf(UnavailableError);
      expect(error.message).toMatch(/does not let natsjob in: check user, password/);
      expect(`${error.message} ${error.cause.message} ${JSON.stringify(error)} ${JSON.stringify(error.cause)}`).not.toContain('nobody knows');
      await expect(open({ database: 'test_none' }).probe()).rejects.toThrow(/does not let natsjob in.*the name of the database/);
      await expect(open({ port: 1 }).probe()).rejects.toThrow(/cannot be reached.*ECONNREFUSED/);
    });

    it('goes on by itself after the server died and came back', async () => {
      const store = open();
      await patiently(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] })));
      await server.kill();
      const failure = await store.apply(aBatch({})).catch((thrown: Error) => thrown) as Error;
      expect(failure).toBeInstanceOf(UnavailableError);
      expect(failure.message).not.toContain(PASSWORD);
      await expect(store.runs({ limit: 1 })).rejects.toBeInstanceOf(UnavailableError);
      await server.restart();
      await until(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(2) })] })).then(() => true, () => false));
      expect(await store.run(idAt(2))).toBeDefined();
    });

    it('gives up a server that hangs', async () => {
      const breaker = await startBreaker(server.port);
      const store = open({ port: breaker.port }, { answerMs: 300 });
      await open().probe();
      await until(() => store.apply(aBatch({})).then(() => true, unlessAway));
      await until(() => store.runs({ limit: 1 }).then(() => true, unlessAway));
      breaker.freeze();
      await expect(store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] }))).rejects.toBeInstanceOf(UnavailableError);
      await expect(store.runs({ limit: 1 })).rejects.toBeInstanceOf(UnavailableError);
      await until(() => store.apply(aBatch({ insertRuns: [aRun({ id: idAt(1) })] })).then(() => true, () => false));
      await store.close();
      await breaker.close();
    });

    it.each([first.settings, first.facts])('gives up a server that hangs before it is known, at %s', async (text) => {
      const breaker = await startBreaker(server.port);
      const store = open({ port: breaker.port, connectTimeoutMs: 1_000 }, { answerMs: 1_000 });
      const isFrozen = breaker.freezeAt(text);
      await until(() => store.apply(aBatch({})).then(() => true, unlessAway));
      await isFrozen;
      await store.close();
      await breaker.close();
    });

    it('ends within seconds while a server hangs that is not known yet', async () => {
      const breaker = await startBreaker(server.port);
      const store = open({ port: breaker.port });
      const isFrozen = breaker.freezeAt(first.facts);
      const answers = Promise.allSettled([store.apply(aBatch({})), store.runs({ limit: 1 })]);
      await isFrozen;
      expect(await awakeMs(store.close())).toBeLessThan(8_000);
      for (const answer of await answers) expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) });
      await breaker.close();
    });

    it('ends within seconds while the server hangs', async () => {
      const breaker = await startBreaker(server.port);
      const store = open({ port: breaker.port });
      await patiently(() => store.apply(aBatch({})));
      await store.runs({ limit: 1 });
      breaker.freeze();
      const answers = Promise.allSettled([store.apply(aBatch({})), store.runs({ limit: 1 })]);
      expect(await awakeMs(store.close())).toBeLessThan(8_000);
      for (const answer of await answers) expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) });
      await breaker.close();
    });

    it('writes while more reads wait than it takes', async () => {
      const store = open({}, { maxConnections: 2 });
      await patiently(() => store.apply(aBatch({ insertRuns: Array.from({ length: 300 }, (_, index) => aRun({ id: idAt(index) })) })));
      let rounds = 0;
      // A writer that waited for the reads would be behind them each time; one round may go that way because its session stood still.
      await until(async () => {
        const reads = Array.from({ length: 400 }, () => store.runs({ limit: 100 }).then(() => 'read', (error: Error) => error.message));
        let isRead = false;
        const all = Promise.all(reads).finally(() => (isRead = true));
        const batch = aBatch({ insertRuns: [aRun({ id: idAt(999 + rounds++) })] });
        await patiently(() => store.apply(batch));
        const wasFirst = !isRead;
        const outcomes = await all;
        expect(outcomes.filter((outcome) => outcome === 'read').length).toBeGreaterThanOrEqual(256);
        expect(outcomes.find((outcome) => outcome !== 'read')).toMatch(/Too many reads/);
        return wasFirst;
      }, { what: 'a batch that is written before the reads are done' });
    });

    it('takes batches longer than any packet, and texts no product keeps as they are', async () => {
      const store = open();
      // Inserted and updated, each quote and backslash escaped: more than the 16 MB that a packet of MariaDB may have.
      const large = Array.from({ length: 150 }, (_, index) => aRun({ id: idAt(index), args: '\'\\'.repeat(32_000) }));
      await patiently(() => store.apply(aBatch({ insertRuns: large, updateRuns: large.map((run) => ended(run)) })));
      expect(await store.run(idAt(149))).toEqual(ended(large[149]!));
      const odd = aRun({ id: idAt(1_000), reason: 'a\0b\ud800c', workerId: 'Ärger ÇA' });
      await patiently(() => store.apply(aBatch({ insertRuns: [odd] })));
      expect((await store.run(odd.id))?.reason).toBe(name === 'PostgreSQL' ? 'a\uFFFDb\uFFFDc' : 'a\0b\uFFFDc');
      expect((await store.runs({ reason: 'A\0B', limit: 5 })).items.map(({ id }) => id)).toEqual([odd.id]);
      expect((await store.runs({ workerId: 'Ärger ÇA ', limit: 5 })).items).toEqual([]);
      expect((await store.runs({ workerId: 'ärger ça', limit: 5 })).items).toEqual([]);
    });

    it.skipIf(name !== 'PostgreSQL')('refuses a database that cannot keep Unicode', async () => {
      server.admin('create database narrow encoding \'SQL_ASCII\' template template0');
      await expect(open({ database: 'narrow' }).probe()).rejects.toThrow('The database keeps text as SQL_ASCII: natsjob needs one made with encoding UTF8.');
    });

    it('tells when it is used after its end', async () => {
      const store = open();
      await store.probe();
      await store.close();
      await expect(store.apply(aBatch({}))).rejects.toThrow('The database is closed.');
      await expect(store.runs({ limit: 1 })).rejects.toThrow('The database is closed.');
    });
  });
}

/** A lock, or an answer, that took longer than the product waits for it: whoever writes tries again. */
function unlessAway(error: unknown): false {
  if (!(error instanceof UnavailableError)) throw error;
  return false;
}
