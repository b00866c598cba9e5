import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseServer } from '../support/database-server.ts';
import { openPatientRemote, PRODUCTS } from '../support/remote-products.ts';
import { aBatch, aRun, idAt, T0 } from '../support/store-rows.ts';
import { storeConformance } from './store.ts';

for (const { name, isThere, start } of PRODUCTS) {
  describe.skipIf(!isThere)(name, () => {
    let server: DatabaseServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());

    it('a job whose last run was removed loses its name with its counters', async () => {
      const database = await server.fresh();
      const store = openPatientRemote(database);
      const names = (): string => server.admin('select job from natsjob_job_ref', database.database);
      const run = aRun({ id: idAt(1), jobNumber: 4, job: 'long-gone', state: 'completed', endedAt: T0 });
      await store.apply(aBatch({ insertRuns: [run] }));
      await store.apply(aBatch({ removeRuns: [run.id] }));
      await store.deleteCountersBefore(T0 - 60_000);
      expect(names()).toContain('long-gone');
      await store.deleteCountersBefore(T0 + 60_000);
      expect(names()).not.toContain('long-gone');
      await store.apply(aBatch({ insertRuns: [run] }));
      expect(names()).toContain('long-gone');
      await store.close();
    });

    storeConformance(name, async () => {
      const database = await server.fresh();
      let store = openPatientRemote(database);
      return {
        store,
        async reopen() {
          await store.close();
          store = openPatientRemote(database);
          return store;
        },
        dispose: () => store.close(),
      };
    });
  });
}
