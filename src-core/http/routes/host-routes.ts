import type { HostApi } from '../../ports/host.ts';
import { toBackup, toDatabase, toDiagnostics } from '../host-resources.ts';
import { itemsOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';

/** About the program that runs here: its settings, its database file, its health. */
export function hostRoutes(host: HostApi): readonly Route[] {
  const tag = 'Upkeep';
  return [
    defineRoute({
      method: 'GET', path: '/settings', operationId: 'listSettings', summary: 'Every setting, its value and where it comes from; secrets are masked', tag,
      answers: { 200: itemsOf('Setting') },
      handle: async () => ok({ items: host.settings() }),
    }),
    defineRoute({
      method: 'GET', path: '/database', operationId: 'database', summary: 'The database, and backups of its file', tag,
      answers: { 200: ref('Database') },
      handle: async () => ok(toDatabase(await host.database())),
    }),
    defineRoute({
      method: 'POST', path: '/database/backup', operationId: 'backUpDatabase', summary: 'Copy the file of the database while it is in use; the newest ten copies are kept. Backups of a database server are made there', tag,
      answers: { 201: ref('Backup') }, problems: [409],
      handle: async () => ({ status: 201, body: toBackup(await host.backUp()) }),
    }),
    defineRoute({
      method: 'GET', path: '/diagnostics', operationId: 'diagnostics', summary: 'What natsjob doctor says, of the running program', tag,
      answers: { 200: ref('Diagnostics') },
      handle: async () => ok(toDiagnostics(await host.diagnostics())),
    }),
  ];
}
