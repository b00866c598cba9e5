import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/index.ts';
import { StaleTermError, type RemoteDatabase } from '../../src-core/ports/index.ts';
import { explainDm } from '../../src-core/sql/dm/errors.ts';
import { mysqlDialect } from '../../src-core/sql/mysql/dialect.ts';
import { explainMysql } from '../../src-core/sql/mysql/errors.ts';
import { fill, literal } from '../../src-core/sql/mysql/literal.ts';
import { explainPostgres } from '../../src-core/sql/postgres/errors.ts';
import { postgresDialect } from '../../src-core/sql/postgres/dialect.ts';
import type { Cell, SqlConnection } from '../../src-core/sql/remote/dialect.ts';
import { explain } from '../../src-core/sql/remote/errors.ts';

const DATABASE: RemoteDatabase = { kind: 'postgres', host: 'h', port: 1, user: 'u', password: 'pass+word', database: 'd', tls: { mode: 'off' }, connectTimeoutMs: 1, parameters: {} };

describe('what a driver throws', () => {
  it.each([
    ['53100', 'could not extend file: No space left on device', 'full'], ['55P03', 'canceling statement due to lock timeout', 'slow'], ['57014', 'canceling statement due to statement timeout', 'slow'],
    ['57P01', 'terminating connection due to administrator command', 'away'], ['25P03', 'terminating connection due to idle-in-transaction timeout', 'away'], ['53300', 'sorry, too many clients already', 'away'],
    ['28P01', 'password authentication failed', 'refused'], ['42501', 'permission denied for table', 'refused'], ['25006', 'cannot execute UPDATE in a read-only transaction', 'read-only'],
    ['42P01', 'relation does not exist', 'table-missing'], ['42601', 'syntax error', 'ours'], ['23505', 'duplicate key', 'ours'], ['40P01', 'deadlock detected', 'slow'],
  ])('PostgreSQL %s (%s) is %s', (code, message, kind) => {
    expect(explainPostgres(Object.assign(new Error(message), { code })).kind).toBe(kind);
  });

  it.each([
    [1114, 'The table is full', 'full'], [1021, 'Disk full', 'full'], [1030, 'Got error 28 "No space left on device" from storage engine InnoDB', 'full'], [1030, 'Got error 168 from storage engine', 'away'],
    [1205, 'Lock wait timeout exceeded', 'slow'], [1213, 'Deadlock found', 'slow'], [1969, 'Query execution was interrupted (max_statement_time exceeded)', 'slow'], [1040, 'Too many connections', 'away'],
    [1290, 'The server is running with the --read-only option', 'read-only'], [1045, 'Access denied', 'refused'], [1146, 'Table does not exist', 'table-missing'], [1064, 'syntax', 'ours'], [1406, 'Data too long', 'ours'],
  ])('MySQL %i (%s) is %s', (errno, sqlMessage, kind) => {
    expect(explainMysql(Object.assign(new Error('x'), { errno, sqlMessage, code: 'ER' })).kind).toBe(kind);
  });

  it.each([[6001, 'away'], [-2501, 'refused'], [-6403, 'slow'], [-523, 'full'], [-2106, 'table-missing'], [-2007, 'ours']])('Dameng %i is %s', (errCode, kind) => {
    expect(explainDm(Object.assign(new Error('x'), { errCode })).kind).toBe(kind);
  });

  it('is the same of the operating system for each, also when several addresses failed', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    for (const explainOne of [explainPostgres, explainMysql, explainDm]) {
      expect(explainOne(refused).kind).toBe('away');
      expect(explainOne(new AggregateError([refused])).kind).toBe('away');
      expect(explainOne(Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })).kind).toBe('refused');
      expect(explainOne(new TypeError('x is not a function')).kind).toBe('ours');
    }
  });

  it('becomes a sentence without password and statement, and what is ours stays as it is', () => {
    const error = Object.assign(new Error('no pass+word for you'), { code: '53100', sql: 'insert secret', parameters: ['secret'] });
    const told = explain(postgresDialect(), DATABASE, error, () => {}) as UnavailableError;
    expect(told).toBeInstanceOf(UnavailableError);
    expect(told.message).toBe('The disk of the PostgreSQL database "d" at h:1 is full: make room, the view then catches up by itself. (53100: no … for you)');
    expect(Object.keys(told.cause as Error)).toEqual(['code']);
    for (const ours of [new StaleTermError(1, 2), new RangeError('x'), new TypeError('y')]) expect(explain(postgresDialect(), DATABASE, ours, () => {})).toBe(ours);
  });
});

describe('a MySQL server', () => {
  it.each([
    ['10.11.19-MariaDB-0+deb12u1', 'Debian 12', 'utf8mb4_nopad_bin', 'MariaDB 10.11.19'], ['8.4.2', 'MySQL Community Server', 'utf8mb4_0900_bin', 'MySQL 8.4.2'], ['8.0.17-cluster', '', 'utf8mb4_0900_bin', 'MySQL 8.0.17-cluster'],
    ['8.0.16', '', 'utf8mb4_bin', 'MySQL 8.0.16'], ['5.7.44-log', '', 'utf8mb4_bin', 'MySQL 5.7.44-log'],
  ])('of version %s (%s) gets the collation that tells most texts apart', async (version, comment, collation, name) => {
    const dialect = mysqlDialect();
    expect(await dialect.facts(answering([version, comment, 16_777_216]))).toEqual({ name });
    expect(dialect.migrations[0]!.statements[0]).toContain(`collate ${collation}`);
    await expect(dialect.facts(answering([version, comment, 1_048_576]))).rejects.toThrow(/set max_allowed_packet to 4194304 or more/);
  });
});

function answering(row: readonly Cell[]): SqlConnection {
  return { run: async () => [{ rows: [row] }], close: async () => {}, destroy() {}, isLost: false };
}

describe('a value in a MySQL statement', () => {
  it('is closed in its quotes whatever it holds', () => {
    expect(literal('\'; drop table x; -- \\')).toBe('\'\\\'; drop table x; -- \\\\\'');
    expect([literal(null), literal(9_007_199_254_740_993n), literal(-1.5)]).toEqual(['null', '9007199254740993', '-1.5']);
    expect(() => literal(Number.NaN)).toThrow(RangeError);
    expect(fill('a = ? and b = ?', ['?', 1])).toBe('a = \'?\' and b = 1');
    expect(() => fill('a = ?', [1, 2])).toThrow(RangeError);
  });
});
