import type { DatabaseKind } from '../../ports/index.ts';
import { dmDialect } from '../dm/dialect.ts';
import { mysqlDialect } from '../mysql/dialect.ts';
import { postgresDialect } from '../postgres/dialect.ts';
import type { Dialect } from './dialect.ts';
import { remoteStore, type RemoteOptions, type RemoteStore } from './store.ts';

/** Returns at once: connects when first asked, and again whenever the connection was lost. Until then every call rejects with UnavailableError. */
export function openRemoteStore(options: RemoteOptions): RemoteStore {
  return remoteStore(dialectFor(options.database.kind), options);
}

export function dialectFor(kind: DatabaseKind): Dialect {
  return kind === 'postgres' ? postgresDialect() : kind === 'mysql' ? mysqlDialect() : dmDialect();
}
