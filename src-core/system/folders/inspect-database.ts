import { statSync } from 'node:fs';

export interface DatabaseLook {
  readonly bytes: number;
  /** First thing that is wrong with the file, '' when nothing is. A big file is only opened, not read through. */
  readonly fault: string;
}

/** Reading through more than this takes longer than a person waits. */
const READ_THROUGH_BYTES = 256 * 2 ** 20;

/** Looks at a SQLite file without changing it; undefined when it is not there. `nativeBinding`: where better-sqlite3's native part lies when it is not in node_modules. */
export async function inspectDatabase(file: string, nativeBinding?: string): Promise<DatabaseLook | undefined> {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const { default: Database } = await import('better-sqlite3');
  try {
    const database = new Database(file, { readonly: true, timeout: 1_000, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
    try {
      const answer: unknown = stat.size <= READ_THROUGH_BYTES ? database.pragma('quick_check(1)', { simple: true }) : database.pragma('schema_version', { simple: true });
      return { bytes: stat.size, fault: stat.size <= READ_THROUGH_BYTES && answer !== 'ok' ? String(answer) : '' };
    } finally {
      database.close();
    }
  } catch (error) {
    return { bytes: stat.size, fault: error instanceof Error ? error.message : String(error) };
  }
}
