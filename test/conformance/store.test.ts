import { createMemoryStore } from '../../src-core/sql/index.ts';
import { tempSqlite } from '../support/store-sqlite.ts';
import { storeConformance } from './store.ts';

for (const isShared of [false, true]) {
  storeConformance(isShared ? 'shared memory' : 'memory', async () => {
    const store = createMemoryStore({ isShared });
    return { store, reopen: undefined, dispose: () => store.close() };
  });
}

storeConformance('SQLite', async () => {
  const files = tempSqlite();
  let store = await files.open();
  return {
    store,
    async reopen() {
      await store.close();
      store = await files.open();
      return store;
    },
    async dispose() {
      await store.close();
      files.remove();
    },
  };
});
