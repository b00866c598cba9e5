import { sql, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { plain, portions, type Dialect, type Param, type Row, type Statement } from '../remote/dialect.ts';
import { mergeRules, type ColumnType, type Table } from '../remote/tables.ts';
import { arrayText, storable } from './array-text.ts';
import { connectPostgres } from './connect.ts';
import { explainPostgres } from './errors.ts';
import { POSTGRES_MIGRATIONS } from './migrations/index.ts';
import { askFacts, LOWER_BY_DATABASE } from './facts.ts';

/** 'natsjob' in ASCII, as a number. */
const LOCK = '31069370179219298';

const TYPES: Readonly<Record<ColumnType, string>> = { small: 'smallint', int: 'integer', big: 'bigint', name: 'text', text: 'text' };

/**
 * PostgreSQL 9.6 and later, and what speaks as it does (Kingbase in PostgreSQL mode): arrays as parameters, `on conflict`,
 * partial indexes, advisory locks. A statement carries one array for each column, so that its text does not grow with its rows.
 */
export function postgresDialect(): Dialect {
  const renderer = new PgDialect();
  let lowered = LOWER_BY_DATABASE;

  return {
    product: 'PostgreSQL',
    migrations: POSTGRES_MIGRATIONS,
    begin: [plain('begin isolation level read committed')],
    commit: plain('commit'),
    rollback: plain('rollback'),
    connect: connectPostgres,
    render(query) {
      const { sql: text, params } = renderer.sqlToQuery(query);
      return { text, params: (params as Param[]).map(storable) };
    },
    bind(text, params) {
      let number = 0;
      return { text: text.replaceAll('?', () => `$${++number}`), params: params.map(storable) };
    },
    insert(table, rows, present) {
      const names = table.columns.map(([name]) => name).join(', ');
      const conflict = present === 'keep' ? 'do nothing' : `do update set ${mergeRules(table).map(([name, rule]) => `${name} = ${merged(table, name, rule)}`).join(', ')}`;
      return bulk(table, rows, (arrays) => `insert into ${table.name} (${names}) select * from unnest(${arrays}) on conflict (${table.key.join(', ')}) ${conflict}`);
    },
    update(table, rows) {
      const names = table.columns.map(([name]) => name);
      const set = mergeRules(table).map(([name]) => `${name} = v.${name}`).join(', ');
      const same = table.key.map((name) => `t.${name} = v.${name}`).join(' and ');
      return bulk(table, rows, (arrays) => `update ${table.name} t set ${set} from unnest(${arrays}) as v (${names.join(', ')}) where ${same}`);
    },
    isOneOf: (column, values) => (values.length === 1 ? sql`${column} = ${values[0]}` : sql`${column} = any(${arrayText('big', values)}::bigint[])`),
    textIs: (column, value) => sql`left(${column}, 100) = left(${value}::text, 100) and ${column} = ${value}::text`,
    contains: (column, text) => sql`position(${lowered(sql`${text}::text`)} in ${lowered(column)}) > 0`,
    fromNothing: sql.raw(''),
    exact: (column) => column,
    migrationLock: [plain(`select pg_advisory_lock(${LOCK})`)],
    tables: plain('select c.relname from pg_class c where c.relname like \'natsjob\\_%\' and c.relkind = \'r\' and pg_table_is_visible(c.oid)'),
    size: plain('select coalesce(sum(pg_total_relation_size(c.oid)), 0) from pg_class c where c.relname like \'natsjob\\_%\' and c.relkind = \'r\' and pg_table_is_visible(c.oid)'),
    async facts(connection) {
      const found = await askFacts(connection);
      lowered = found.lower;
      return { name: found.name };
    },
    explain: explainPostgres,
  };
}

function* bulk(table: Table, rows: readonly Row[], text: (arrays: string) => string): Iterable<Statement> {
  const arrays = text(table.columns.map(([, type], index) => `$${index + 1}::${TYPES[type]}[]`).join(', '));
  for (const portion of portions(rows)) yield { text: arrays, params: table.columns.map(([, type], index) => arrayText(type, portion.map((row) => row[index] as Param))) };
}

function merged(table: Table, name: string, rule: 'replace' | 'add' | 'max'): string {
  if (rule === 'add') return `${table.name}.${name} + excluded.${name}`;
  return rule === 'max' ? `greatest(${table.name}.${name}, excluded.${name})` : `excluded.${name}`;
}

/** How text is put into lower case. */
export type Lower = (text: SQL) => SQL;
