import { UnavailableError } from '../../domain/index.ts';
import { plain, type SqlConnection } from './dialect.ts';

/** The row that says that a copy into these tables was begun and not finished. */
export const UNFINISHED = {
  name: 'copying',
  ask: 'select val from natsjob_meta where name = \'copying\'',
  drop: 'delete from natsjob_meta where name = \'copying\'',
} as const;

/** Half a history is worse than none: nobody would see that it is one. Throws UnavailableError. */
export async function refuseHalfCopied(connection: SqlConnection): Promise<void> {
  const [found] = await connection.run([plain(UNFINISHED.ask)]);
  if ((found?.rows.length ?? 0) > 0) throw new UnavailableError('natsjob db copy is filling this database, or was ended while it did: let it finish, or run it again.');
}
