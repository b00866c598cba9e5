import { sql } from 'drizzle-orm';
import { MySqlDialect } from 'drizzle-orm/mysql-core';
import { UnavailableError } from '../../domain/index.ts';
import { plain, portions, type Dialect, type Param, type Row, type Statement } from '../remote/dialect.ts';
import { mergeRules, type MergeRule, type Table } from '../remote/tables.ts';
import { connectMysql } from './connect.ts';
import { explainMysql } from './errors.ts';
import { fill, literal } from './literal.ts';
import { migrationsFor } from './migrations/index.ts';

/** A statement is far shorter, except for one row with very long texts. */
const LEAST_PACKET = 4 * 1024 * 1024;

/** MySQL 5.7 and later, MariaDB 10.3 and later. Values are written into the statements: its protocol binds none to several statements in one packet. */
export function mysqlDialect(): Dialect {
  const renderer = new MySqlDialect();
  let collation = 'utf8mb4_bin';

  return {
    product: 'MySQL',
    get migrations() {
      return migrationsFor(collation);
    },
    begin: [plain('start transaction')],
    commit: plain('commit'),
    rollback: plain('rollback'),
    connect: connectMysql,
    render(query) {
      const { sql: text, params } = renderer.sqlToQuery(query);
      return plain(fill(text, params as Param[]));
    },
    bind: (text, params) => plain(fill(text, params)),
    insert(table, rows, present) {
      const [first = ''] = table.key;
      const changes = present === 'keep' ? `${first} = ${table.name}.${first}` : mergeRules(table).map(([name, rule]) => `${name} = ${merged(table, name, rule)}`).join(', ');
      return bulk(table, rows, changes);
    },
    // All rows are there, so none is made.
    update: (table, rows) => bulk(table, rows, mergeRules(table).map(([name]) => `${name} = values(${name})`).join(', ')),
    isOneOf: (column, values) => sql`${column} in (${sql.raw(values.join(', ') || 'null')})`,
    textIs: (column, value) => sql`${column} = ${value}`,
    contains: (column, text) => sql`locate(lower(${text}), lower(${column})) > 0`,
    fromNothing: sql.raw(''),
    exact: (column) => column,
    migrationLock: [plain('select get_lock(concat(\'natsjob:\', left(sha1(database()), 40)), 60)')],
    tables: plain('select table_name from information_schema.tables where table_schema = database() and table_name like \'natsjob\\_%\''),
    size: plain('select coalesce(sum(data_length + index_length), 0) from information_schema.tables where table_schema = database() and table_name like \'natsjob\\_%\''),
    async facts(connection) {
      const [found] = await connection.run([plain('select version(), @@version_comment, @@max_allowed_packet')]);
      const [version = '', comment = '', packet = 0] = found?.rows[0] ?? [];
      const isMaria = /mariadb/i.test(`${version} ${comment}`);
      if (Number(packet) < LEAST_PACKET) throw new UnavailableError(`The database server takes packets of ${packet} bytes at most: set max_allowed_packet to ${LEAST_PACKET} or more.`);
      // Both tell texts apart that differ in blanks at their end; older servers have nothing that does.
      if (isMaria) collation = 'utf8mb4_nopad_bin';
      else if (isAtLeast(String(version), [8, 0, 17])) collation = 'utf8mb4_0900_bin';
      return { name: isMaria ? `MariaDB ${String(version).replace(/-MariaDB.*/, '')}` : `MySQL ${version}` };
    },
    explain: explainMysql,
  };
}

function* bulk(table: Table, rows: readonly Row[], changes: string): Iterable<Statement> {
  const head = `insert into ${table.name} (${table.columns.map(([name]) => name).join(', ')}) values `;
  for (const portion of portions(rows)) yield plain(`${head}${portion.map((row) => `(${row.map(literal).join(',')})`).join(',')} on duplicate key update ${changes}`);
}

function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  const at = wanted.findIndex((part, index) => parts[index] !== part);
  return at < 0 || (parts[at] ?? 0) > (wanted[at] ?? 0);
}

function merged(table: Table, name: string, rule: MergeRule): string {
  if (rule === 'add') return `${table.name}.${name} + values(${name})`;
  return rule === 'max' ? `greatest(${table.name}.${name}, values(${name}))` : `values(${name})`;
}
