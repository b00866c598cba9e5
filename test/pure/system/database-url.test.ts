import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseKind, RemoteDatabase } from '../../../src-core/ports/index.ts';
import { loadConfig, maskDatabaseUrl, NotAllowed, parseDatabaseUrl, formatDatabaseUrl } from '../../../src-core/system/index.ts';

const KINDS: readonly DatabaseKind[] = ['mysql', 'postgres', 'dm'];

function parsed(kind: DatabaseKind, text: string): RemoteDatabase {
  return parseDatabaseUrl(kind, text).database;
}

function problemOf(kind: DatabaseKind, text: string): string {
  try {
    parseDatabaseUrl(kind, text);
  } catch (error) {
    if (error instanceof NotAllowed) return error.message;
    throw error;
  }
  return '';
}

describe('the addresses of the manual', () => {
  it('of MySQL', () => {
    expect(parseDatabaseUrl('mysql', 'root:natsjob123@tcp(127.0.0.1:3306)/natsjob?charset=utf8mb4&parseTime=True&loc=Local')).toEqual({
      database: { kind: 'mysql', host: '127.0.0.1', port: 3306, user: 'root', password: 'natsjob123', database: 'natsjob', tls: { mode: 'off' }, connectTimeoutMs: 5_000, parameters: {} },
      unheeded: ['charset', 'parseTime', 'loc'], saysTls: false,
    });
  });

  it('of PostgreSQL', () => {
    expect(parseDatabaseUrl('postgres', 'host=127.0.0.1 user=postgres password=natsjob123 port=5432 dbname=natsjob sslmode=disable TimeZone=Asia/Shanghai')).toEqual({
      database: { kind: 'postgres', host: '127.0.0.1', port: 5432, user: 'postgres', password: 'natsjob123', database: 'natsjob', tls: { mode: 'off' }, connectTimeoutMs: 5_000, parameters: {} },
      unheeded: ['timezone'], saysTls: true,
    });
  });

  it('of Dameng', () => {
    expect(parsed('dm', 'dm://SYSDBA:natsjob123@127.0.0.1:5236?schema=natsjob')).toEqual({
      kind: 'dm', host: '127.0.0.1', port: 5236, user: 'SYSDBA', password: 'natsjob123', database: '', schema: 'natsjob', tls: { mode: 'off' }, connectTimeoutMs: 5_000, parameters: {},
    });
  });
});

describe('an address', () => {
  it.each([
    ['mysql', 'u@tcp(h)/d', { user: 'u', password: '', host: 'h', port: 3306 }],
    ['mysql', 'u:p@/d', { host: '127.0.0.1', port: 3306 }],
    ['mysql', 'u:p@tcp/d', { host: '127.0.0.1' }],
    ['mysql', 'u:a/b:c@d?e#f%zz@tcp(h:1)/d', { password: 'a/b:c@d?e#f%zz', host: 'h', port: 1 }],
    ['mysql', 'u:x@tcp(evil:1)/y@tcp(h:2)/d', { password: 'x@tcp(evil:1)/y', host: 'h', port: 2 }],
    ['mysql', 'u:p@tcp([::1]:3307)/d', { host: '::1', port: 3307, tls: { mode: 'off' } }],
    ['mysql', 'u:p@tcp(db.example:3306)/d', { tls: { mode: 'prefer' } }],
    ['mysql', 'u:p@tcp(h)/d?tls=skip-verify&timeout=10s', { tls: { mode: 'require' }, connectTimeoutMs: 10_000 }],
    ['mysql', 'u:p@tcp(h)/d?tls=true', { tls: { mode: 'verify' } }],
    ['mysql', 'mysql://u:p%40ss%2Fw%25@my_sql:3306/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=%2Fca.pem', { password: 'p@ss/w%', host: 'my_sql', tls: { mode: 'verify', ca: '/ca.pem' } }],
    ['mysql', 'mariadb://u:p@h/d', { kind: 'mysql', port: 3306 }],
    ['postgres', 'postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem', { tls: { mode: 'verify', ca: '/ca.pem', cert: '/c.pem', key: '/k.pem' } }],
    ['postgres', 'postgresql://u:p@[2001:db8::1]:5433/d?search_path=natsjob&connect_timeout=3&application_name=n', { host: '2001:db8::1', port: 5433, schema: 'natsjob', connectTimeoutMs: 3_000 }],
    ['postgres', 'kingbase://system:p@h:54321/test', { kind: 'postgres', port: 54_321 }],
    ['postgres', String.raw`host=h user=u password='a b\'c\\d' dbname=d sslmode=verify-ca`, { password: String.raw`a b'c\d`, tls: { mode: 'require' } }],
    ['postgres', 'user = u  password = p@ss:w/? dbname = d', { host: '127.0.0.1', port: 5432, password: 'p@ss:w/?' }],
    ['postgres', 'host=h user=u dbname=d password=', { password: '' }],
    ['postgres', 'host=h user=u dbname=d sslrootcert=system', { tls: { mode: 'verify' } }],
    ['dm', 'dameng://SYSDBA:p%3F@h', { kind: 'dm', port: 5236, password: 'p?' }],
  ] as [DatabaseKind, string, Partial<RemoteDatabase>][])('for %s may be %s', (kind, text, wanted) => {
    expect(parsed(kind, text)).toMatchObject(wanted);
  });

  it.each([
    ['mysql', '', /^must be given while NATSJOB_DB_TYPE is mysql, as in user:password@tcp/],
    ['mysql', 'host=h user=u', /^must be like user:password@tcp\(host:3306\)/],
    ['mysql', 'u:p@unix(/run/mysqld/mysqld.sock)/d', /Unix sockets are not supported/],
    ['postgres', 'host=/run/postgresql user=u dbname=d', /Unix sockets are not supported/],
    ['postgres', 'host=a,b user=u dbname=d', /several with commas between are not supported/],
    ['postgres', 'postgres://u:p@a:1,b:2/d', /several with commas between are not supported/],
    ['mysql', 'mysql://u:p@h', /must name a database/],
    ['postgres', 'dbname=d host=h', /must name a user/],
    ['dm', 'dm://u:p@h/natsjob', /must name the schema as \?schema=/],
    ['dm', 'u:p@tcp(h)/d', /must be like dm:\/\/user:password@host:5236\?schema=/],
    ['postgres', 'jdbc:postgresql://h/d', /addresses of Java's drivers are not read/],
    ['postgres', 'root:p@tcp(h)/d', /must be like host=/],
    ['mysql', 'u:p@tcp(h)/d?tls=custom', /true, false, skip-verify, preferred as the value of tls/],
    ['mysql', 'u:p@tcp(h)/d?tsl=true', /must not have the parameter tsl: known are tls, ssl-mode/],
    ['mysql', 'u:p@tcp(h)/d?charset=latin1', /must not have another charset than utf8mb4/],
    ['mysql', 'u:p@tcp(h)/d?allowAllFiles=true', /must not have another allowAllFiles than false: no files are sent/],
    ['postgres', 'postgres://u:p@h/d?options=-csearch_path%3Dx', /must not have the parameter options/],
    ['postgres', 'host=h user=u pasword=hush dbname=d', /after user comes something else, perhaps password/],
    ['postgres', 'host=h user=u password=my secret=word dbname=d', /after password comes something else \(/],
    ['postgres', 'host=h:1 user=u dbname=d', /must have an address or a host name/],
    ['mysql', 'mysql://u:a/b@h/d', /percent-encoded, @ as %40, \/ as %2F/],
    ['mysql', 'mysql://u:a%zz@h/d', /a % itself as %25/],
    ['mysql', 'mysql://u:p@h:99999/d', /a port from 1 to 65535/],
    ['mysql', 'mysql://u:p@h/d?timeout=1h', /a length of time/],
    ['mysql', 'u:p\u0000@tcp(h)/d', /control characters/],
    ['mysql', 'mysql://u:p%00@h/d', /control characters/],
    ['mysql', 'mysql://u:p@h/d?ssl-cert=/c', /both a certificate and its key/],
  ] as [DatabaseKind, string, RegExp][])('for %s may not be %j', (kind, text, why) => {
    expect(problemOf(kind, text)).toMatch(why);
  });
});

it('an address may not be longer than one is', () => {
  expect(problemOf('mysql', `u:p@tcp(h)/${'d'.repeat(5_000)}`)).toBe('must be at most 4096 characters');
});

describe('the settings together', () => {
  const settings = (env: Record<string, string>) => loadConfig({ env, flags: [], cwd: '/srv', systemTimezone: 'UTC', readFile: () => { throw Object.assign(new Error(), { code: 'ENOENT' }); } });

  it('take authorities from a setting, and then check the server', () => {
    const { config, sources } = settings({ NATSJOB_DB_TYPE: 'MariaDB', NATSJOB_DB_URL: 'root:hu@sh@tcp(h)/d', NATSJOB_DB_TLS_CA: 'ca.pem' });
    expect(config).toMatchObject({ dbType: 'mysql', database: { kind: 'mysql', password: 'hu@sh', tls: { mode: 'verify', ca: '/srv/ca.pem' } } });
    expect(sources.dbUrl.shown).toBe('root:***@tcp(h)/d');
  });

  it('say which parts of an address are not heeded', () => {
    expect(settings({ NATSJOB_DB_TYPE: 'mysql', NATSJOB_DB_URL: 'root:x@tcp(h)/d?parseTime=True&loc=Local' }).notes)
      .toEqual(['NATSJOB_DB_URL: parseTime, loc have no meaning here and are not heeded; texts are Unicode and times exact in any case.']);
  });

  it('know the file of sqlite', () => {
    expect(settings({}).config.database).toEqual({ kind: 'sqlite', file: '/srv/data/natsjob.sqlite' });
    expect(settings({ NATSJOB_DB_URL: 'x.sqlite', NATSJOB_DB_TLS_CA: 'ca.pem' })).toMatchObject({ config: { database: { file: '/srv/x.sqlite' } }, notes: ['NATSJOB_DB_TLS_CA: has no effect while NATSJOB_DB_TYPE is sqlite.'] });
  });
});

const anyText = fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })).filter((text) => !/[\u0000-\u001f\u007f]/.test(text));
const anyName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,15}$/);
const anyHost = fc.oneof(fc.constantFrom('127.0.0.1', 'localhost', '::1', '2001:db8::7'), fc.stringMatching(/^[a-z0-9_]{1,10}(\.[a-z0-9][a-z0-9-]{0,6}[a-z0-9])?$/));
const anyPort = fc.integer({ min: 1, max: 65_535 });
/** Long and of letters that no sentence has beside each other. */
const hush = fc.tuple(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 })).map(([before, after]) => `${before}QZQZQZ${after}`);

describe('whatever it is made of, an address', () => {
  it('comes out of its URL as it went in', () => {
    const any: fc.Arbitrary<RemoteDatabase> = fc.record({
      kind: fc.constantFrom(...KINDS), host: anyHost, port: anyPort, user: anyText, password: fc.oneof(anyText, fc.constant('')), database: anyText, schema: anyName,
      mode: fc.constantFrom('off', 'prefer', 'require', 'verify'), ca: fc.option(anyText, { nil: undefined }), pair: fc.option(fc.tuple(anyText, anyText), { nil: undefined }), connectTimeoutMs: fc.integer({ min: 1, max: 600_000 }),
    }).map(({ mode, ca, pair, database, schema, ...given }) => ({
      ...given, database: given.kind === 'dm' ? '' : database, ...(given.kind === 'mysql' ? {} : { schema }), parameters: {},
      tls: given.kind === 'dm' ? { mode: 'off' } : { mode, ...(ca === undefined || ca === 'system' ? {} : { ca }), ...(pair === undefined ? {} : { cert: pair[0], key: pair[1] }) },
    }) as RemoteDatabase);
    fc.assert(fc.property(any, (database) => {
      expect(parsed(database.kind, formatDatabaseUrl(database))).toEqual(database);
    }), { numRuns: 1_000 });
  });

  it('of MySQL in Go\'s form gives user and password as they stand there', () => {
    fc.assert(fc.property(anyText.filter((user) => !/[:@]/.test(user) && user === user.trimStart()), anyText, anyPort, anyName, (user, password, port, database) => {
      expect(parsed('mysql', `${user}:${password}@tcp(db.example:${port})/${database}?parseTime=true`)).toMatchObject({ user, password, port, database });
    }), { numRuns: 1_000 });
  });

  it('of PostgreSQL in pairs gives user and password as they were quoted', () => {
    const quoted = (text: string): string => `'${text.replace(/['\\]/g, String.raw`\$&`)}'`;
    fc.assert(fc.property(anyText, anyText, anyName, (user, password, database) => {
      expect(parsed('postgres', `dbname=${database} password=${quoted(password)} user=${quoted(user)} host=h`)).toMatchObject({ user, password, database });
    }), { numRuns: 1_000 });
  });

  it('is read or refused with a rule, never otherwise', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('mysql://', 'postgres://', 'dm://', '@tcp(', ')/', 'host=', ' password=', "'", '\\', '@', ':', '/', '?', '&', '=', '%', '%00', '[', ']', 'sslmode=', 'tls=', 'u', 'h'));
    fc.assert(fc.property(fc.constantFrom(...KINDS), fc.array(piece, { maxLength: 12 }), (kind, pieces) => {
      expect(problemOf(kind, pieces.join(''))).toMatch(/^$|^must /);
      maskDatabaseUrl(pieces.join(''));
    }), { numRuns: 3_000 });
  });

  it('is never refused with its password in the sentence, nor shown with it', () => {
    const forms = fc.constantFrom(
      (word: string) => `mysql://u:${word}@h/d?x=1`, (word: string) => `postgres://u:${word}@h:x/d`, (word: string) => `dm://u:${word}@h/d`, (word: string) => `u:${word}@tcp(h)/d?nothing=1`,
      (word: string) => `u:${word}@unix(/s)/d`, (word: string) => `host=h user=u password=${word} dbname=d nothing=1`, (word: string) => `password='${word}' host=h`, (word: string) => `postgres://u:${encodeURIComponent(word)}@h/d?nothing=1`,
    );
    fc.assert(fc.property(fc.constantFrom(...KINDS), forms, hush, (kind, form, word) => {
      expect(problemOf(kind, form(word))).not.toContain('QZQZ');
      expect(maskDatabaseUrl(form(word))).not.toContain('QZQZ');
    }), { numRuns: 3_000 });
  });
});
