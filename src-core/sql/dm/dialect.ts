import { sql, type SQL } from 'drizzle-orm';
import { MySqlDialect } from 'drizzle-orm/mysql-core';
import { plain, portions, slices, type Dialect, type Param, type Row, type Statement } from '../remote/dialect.ts';
import { mergeRules, type ColumnType, type Table } from '../remote/tables.ts';
import { COMMIT, connectDm, ROLLBACK } from './connect.ts';
import { loadDmDriver, type DmDriver } from './driver.ts';
import { explainDm } from './errors.ts';
import { DM_MIGRATIONS } from './migrations/index.ts';

/** Characters that fit into a VARCHAR of ours. */
const SHORT = 256;
/** Columns of run and sub-run that are VARCHAR; a longer text is cut. */
const CUT = new Set(['worker_id', 'scene_id', 'scene_name', 'status', 'monitor_status']);
const LONG = new Set(['reason', 'args', 'bad_answer', 'monitor_payload', 'definition']);
const MOST_IN_LIST = 500;

const TYPES: Readonly<Record<ColumnType, string>> = { small: 'int', int: 'int', big: 'bigint', name: 'varchar(512)', text: 'varchar(1024)' };
const HERE = 'owner = SF_GET_SCHEMA_NAME_BY_ID(CURRENT_SCHID())';

/**
 * Dameng (DM8): MERGE for everything that may meet a row, one row bound after the other. Written after its manuals and its driver's
 * declarations; there was no server to run it on.
 */
export function dmDialect(load: () => DmDriver = loadDmDriver): Dialect {
  const renderer = new MySqlDialect();
  let driver: DmDriver | undefined;

  return {
    product: 'Dameng',
    migrations: DM_MIGRATIONS,
    // A transaction begins with its first statement.
    begin: [],
    commit: plain(COMMIT),
    rollback: plain(ROLLBACK),
    connect: async (options, role) => connectDm(driver ??= load(), options, role),
    render(query) {
      const { sql: text, params } = renderer.sqlToQuery(query);
      return bound(text, params as Param[]);
    },
    bind: bound,
    *insert(table, rows, present) {
      const names = table.columns.map(([name]) => name);
      const matched = present === 'keep' ? '' : ` when matched then update set ${mergeRules(table).map(([name, rule]) => `t.${name} = ${merged(name, rule)}`).join(', ')}`;
      yield* merge(table, rows, `${matched} when not matched then insert (${names.join(', ')}) values (${names.map((name) => `s.${name}`).join(', ')})`);
    },
    update: (table, rows) => merge(table, rows, ` when matched then update set ${mergeRules(table).map(([name]) => `t.${name} = s.${name}`).join(', ')}`),
    isOneOf: (column, values) => (values.length === 0 ? sql.raw('1 = 0') : inLists(column, values)),
    textIs: (column, value) => sql`${column} = ${cut(value)}`,
    contains: (column, text) => sql`instr(lower(${column}), lower(${text})) > 0`,
    fromNothing: sql.raw(' from dual'),
    exact: (column) => sql`cast(${column} as varchar(20))`,
    // A table of its own: what the session that migrates changes is not locked.
    migrationLock: [plain('create table if not exists natsjob_lock (id int)'), plain('lock table natsjob_lock in exclusive mode')],
    tables: plain(`select table_name from all_tables where ${HERE} and table_name like 'NATSJOB%'`),
    size: plain('select coalesce(sum(bytes), 0) from user_segments where segment_name like \'NATSJOB%\''),
    async facts(connection) {
      const [found] = await connection.run([plain('select banner from v$version')]);
      return { name: String(found?.rows[0]?.[0] ?? 'Dameng') };
    },
    explain: explainDm,
  };
}

function* merge(table: Table, rows: readonly Row[], rest: string): Iterable<Statement> {
  const source = table.columns.map(([name, type]) => `cast(? as ${type === 'text' && LONG.has(name) ? 'clob' : TYPES[type]}) as ${name}`).join(', ');
  const same = table.key.map((name) => `t.${name} = s.${name}`).join(' and ');
  const text = `merge into ${table.name} t using (select ${source} from dual) s on (${same})${rest}`;
  for (const portion of portions(rows)) yield { text, params: [], many: portion.map((row) => row.map((value, index) => bindable(value, table.columns[index]?.[0] ?? ''))) };
}

/** Large numbers go as text and are cast by the server: the driver binds numbers of JavaScript. */
function bindable(value: Param, column: string): Param {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isSafeInteger(value))) return String(value);
  return typeof value === 'string' && CUT.has(column) ? cut(value) : value;
}

function cut(text: string): string {
  return text.length <= SHORT ? text : [...text].slice(0, SHORT).join('');
}

/** Numbers stand in the text, as the driver would bind large ones inexactly; texts are bound. */
function bound(text: string, values: readonly Param[]): Statement {
  const params: Param[] = [];
  let index = 0;
  const filled = text.replaceAll('?', () => {
    const value = values[index++] as Param;
    if (value === null) return 'null';
    if (typeof value !== 'string') return String(value);
    params.push(value);
    return '?';
  });
  return { text: filled.replace(/\s+/g, ' ').trim(), params };
}

function inLists(column: SQL, values: readonly (number | bigint)[]): SQL {
  const lists = slices(values, MOST_IN_LIST).map((some) => sql`${column} in (${sql.raw(some.join(', '))})`);
  return lists.length === 1 ? lists[0]! : sql`(${sql.join(lists, sql.raw(' or '))})`;
}

function merged(name: string, rule: 'replace' | 'add' | 'max'): string {
  if (rule === 'add') return `t.${name} + s.${name}`;
  return rule === 'max' ? `greatest(t.${name}, s.${name})` : `s.${name}`;
}
