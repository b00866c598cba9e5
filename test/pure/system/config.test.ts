import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, SETTING_LIST, firstConfigText, loadConfig, splitSettingFlags, type LoadedConfig } from '../../../src-core/system/index.ts';

interface Sources {
  env?: Record<string, string>;
  argv?: string[];
  /** Text of conf/config.yaml. */
  file?: string;
  files?: Record<string, string>;
}

function load({ env = {}, argv = [], file, files = {} }: Sources): LoadedConfig {
  const all: Record<string, string> = { ...files, ...(file === undefined ? {} : { '/srv/conf/config.yaml': file }) };
  return loadConfig({
    env, flags: splitSettingFlags(argv).given, cwd: '/srv', systemTimezone: 'Europe/Berlin',
    readFile(path) {
      const text = all[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
  });
}

function problemsOf(sources: Sources): readonly string[] {
  try {
    load(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('settings', () => {
  it("have the manual's defaults", () => {
    expect(load({}).config).toMatchObject({
      logEnv: 'console', natsUrl: '', secretKey: '', httpPort: 7788, loginUser: 'natsjob', loginPwd: 'natsjob', loginTokenExpireHours: 2,
      jobResultExpireHours: 24, dbType: 'sqlite', dbUrl: '', dbChanCount: 100, httpHost: '127.0.0.1', dataDir: '/srv/data', timezone: 'Europe/Berlin',
      natsStoreMaxBytes: 8 * 2 ** 30, isDefaultPassword: true,
    });
  });

  it('are frozen', () => {
    expect(Object.isFrozen(load({}).config)).toBe(true);
  });

  it.each([
    ['environment over flag over file', { env: { NATSJOB_HTTP_PORT: '1' }, argv: ['--http-port', '2'], file: 'NATSJOB_HTTP_PORT: "3"' }, 1, 'environment'],
    ['flag over file', { argv: ['--NATSJOB_HTTP_PORT=2'], file: 'NATSJOB_HTTP_PORT: "3"' }, 2, 'flag'],
    ['file over default', { file: 'NATSJOB_HTTP_PORT: "3"' }, 3, 'file'],
    ['an empty variable counts as absent', { env: { NATSJOB_HTTP_PORT: '' }, argv: ['--http-port=2'] }, 2, 'flag'],
    ['an empty line counts as absent', { file: 'NATSJOB_HTTP_PORT: ""' }, 7788, 'default'],
    ['the last of two flags counts', { argv: ['--http-port', '2', '--NATSJOB_HTTP_PORT', '4'] }, 4, 'flag'],
  ] as [string, Sources, number, string][])('%s', (_name, sources, port, kind) => {
    const loaded = load(sources);
    expect(loaded.config.httpPort).toBe(port);
    expect(loaded.sources.httpPort.kind).toBe(kind);
  });

  it('tell when sources disagree, without the secrets', () => {
    const { notes } = load({ env: { NATSJOB_HTTP_PORT: '1', NATSJOB_LOGIN_PWD: 'hush' }, argv: ['--http-port', '2'], file: 'NATSJOB_HTTP_PORT: "3"\nNATSJOB_LOGIN_PWD: other' });
    expect(notes).toEqual([
      'NATSJOB_HTTP_PORT: environment NATSJOB_HTTP_PORT (1) is used, not flag --http-port (2) nor conf/config.yaml:1 (3).',
      'NATSJOB_LOGIN_PWD: environment NATSJOB_LOGIN_PWD (******) is used, not conf/config.yaml:2 (******).',
    ]);
  });

  it('do not call a file that repeats the default a disagreement', () => {
    expect(load({ env: { NATSJOB_HTTP_PORT: '1' }, file: firstConfigText() }).notes).toEqual([]);
  });

  it('speak of nothing that is not there yet', () => {
    expect(firstConfigText()).not.toMatch(/panel|界面/i);
  });

  it('take the number of writers and say that SQLite makes nothing of it', () => {
    const { config, notes } = load({ env: { NATSJOB_DB_CHAN_COUNT: '7' } });
    expect([config, notes]).toEqual([{ ...load({}).config, dbChanCount: 7 }, []]);
    expect(problemsOf({ env: { NATSJOB_DB_CHAN_COUNT: '0' } })).toHaveLength(1);
    expect(SETTING_LIST.find(({ key }) => key === 'dbChanCount')?.en).toContain('without effect with sqlite');
  });

  it('are read from the file that is written first, each at its default', () => {
    expect(load({ file: firstConfigText() }).config).toEqual(load({}).config);
  });

  it('are read from the file of the Go natsjob, but for its key', () => {
    const file = ['LOG_ENV: "json"', 'NATS_URL: "nats://127.0.0.1:4222"', 'SECRET_KEY: "8ac09b95b7734ddfb0e76817c6sqqsss"', 'HTTP_PORT: "7799"', 'LOGIN_USER: "natsjob"', 'LOGIN_PWD: "x1"',
      'LOGIN_TOKEN_EXPIRE_HOURS: "2"', 'JOB_RESULT_EXPIRE_HOURS: "24"', 'DB_TYPE: "sqlite"', 'DB_URL: ""', 'DB_CHAN_COUNT: "100"'].map((line) => `NATSJOB_${line}\n`).join('');
    const { config, notes } = load({ file });
    expect(config).toMatchObject({ logEnv: 'json', natsUrl: 'nats://127.0.0.1:4222', secretKey: '', httpPort: 7799, loginPwd: 'x1', isDefaultPassword: false });
    expect(notes).toEqual(['File conf/config.yaml:3 NATSJOB_SECRET_KEY: is the key that every copy of the Go natsjob has, so it is refused; the key made for this installation is used.']);
  });

  it('read secrets from files', () => {
    const { config, sources } = load({ env: { NATSJOB_LOGIN_PWD_FILE: '/run/secrets/pwd' }, argv: ['--nats-url-file', 'nats.txt'], files: { '/run/secrets/pwd': 's3cret\n', '/srv/nats.txt': 'nats://u:p@h:1' } });
    expect(config).toMatchObject({ loginPwd: 's3cret', natsUrl: 'nats://u:p@h:1' });
    expect(sources.natsUrl.shown).toBe('nats://u:***@h:1');
  });

  it('let the services of Kubernetes pass', () => {
    const env = { NATSJOB_PORT: 'tcp://10.0.0.1:7788', NATSJOB_SERVICE_HOST: '10.0.0.1', NATSJOB_SERVICE_PORT_HTTP: '7788', NATSJOB_PORT_7788_TCP_ADDR: '10.0.0.1', NATSJOB_NATS_PORT: 'tcp://10.0.0.2:4222' };
    expect(load({ env }).config.natsPort).toBe(4222);
  });

  it('take each way to write a flag', () => {
    const { given, rest, missing } = splitSettingFlags(['job', '--http-port=1', '--NATSJOB_LOG_ENV', 'json', '--require-nats', 'x', '--json', '--data', '--', '--http-port', '9']);
    expect(given.map(({ name, value }) => [name, value])).toEqual([['NATSJOB_HTTP_PORT', '1'], ['NATSJOB_LOG_ENV', 'json'], ['NATSJOB_REQUIRE_NATS', 'true']]);
    expect(rest).toEqual(['job', 'x', '--json', '--', '--http-port', '9']);
    expect(missing).toEqual(['--data']);
  });
});

describe('a mistake is one sentence', () => {
  it.each([
    [{ env: { NATSJOB_HTTP_PORT: '70000' } }, 'Environment NATSJOB_HTTP_PORT: must be a whole number from 0 to 65535, not "70000".'],
    [{ argv: ['--http-port', '1e3'] }, 'Flag --http-port: must be a whole number from 0 to 65535, not "1e3".'],
    [{ file: '# x\nNATSJOB_HTTP_PORT: 0x10' }, 'File conf/config.yaml:2 NATSJOB_HTTP_PORT: must be a whole number from 0 to 65535, not "0x10".'],
    [{ env: { NATSJOB_LOG_ENV: 'xml' } }, 'Environment NATSJOB_LOG_ENV: must be console or json, not "xml".'],
    [{ env: { NATSJOB_HTP_PORT: '1' } }, 'Environment NATSJOB_HTP_PORT: there is no such setting. Did you mean NATSJOB_HTTP_PORT?'],
    [{ env: { NATSJOB_ZZZZZZZZZZZZ: '1' } }, 'Environment NATSJOB_ZZZZZZZZZZZZ: there is no such setting.'],
    [{ file: 'http_port: 1' }, 'File conf/config.yaml:1 http_port: there is no such setting.'],
    [{ file: 'NATSJOB_LOGIN_USR: x' }, 'File conf/config.yaml:1 NATSJOB_LOGIN_USR: there is no such setting. Did you mean NATSJOB_LOGIN_USER?'],
    [{ file: 'NATSJOB_HTTP_PORT: 1\nNATSJOB_HTTP_PORT: 2' }, 'File conf/config.yaml:2 NATSJOB_HTTP_PORT: stands in line 1 already.'],
    [{ file: 'NATSJOB_HTTP_PORT: [1, 2]' }, 'File conf/config.yaml:1: NATSJOB_HTTP_PORT must be one plain value, not a list or a group.'],
    [{ file: 'NATSJOB_LOGIN_USER: &a x\nNATSJOB_LOGIN_PWD: *a' }, 'File conf/config.yaml:2: NATSJOB_LOGIN_PWD must be one plain value, not a reference.'],
    [{ file: '- a\n- b' }, 'File conf/config.yaml:1: must be lines of the form NATSJOB_…: "value".'],
    [{ env: { NATSJOB_DB_TYPE: 'oracle' } }, 'Environment NATSJOB_DB_TYPE: must be sqlite, mysql (or mariadb), postgres (or postgresql, kingbase) or dm (or dameng), not "oracle".'],
    [{ env: { NATSJOB_DB_URL: 'root:x@tcp(127.0.0.1:3306)/natsjob' } }, 'Environment NATSJOB_DB_URL: must be the path of a file while NATSJOB_DB_TYPE is sqlite; for a server set NATSJOB_DB_TYPE to mysql, postgres or dm.'],
    [{ env: { NATSJOB_DB_TYPE: 'dm' } }, 'Default of NATSJOB_DB_URL: must be given while NATSJOB_DB_TYPE is dm, as in dm://user:password@host:5236?schema=….'],
    [{ env: { NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL: 'mysql://root:x@h/natsjob' } }, 'Environment NATSJOB_DB_URL: must be an address for NATSJOB_DB_TYPE postgres, as in host=… port=5432 user=… password=… dbname=… or postgres://user:password@host:5432/database; this one is for mysql.'],
    [{ env: { NATSJOB_DB_TYPE: 'mysql', NATSJOB_DB_URL: 'root:x@tcp(h)/d?tls=false', NATSJOB_DB_TLS_CA: '/ca.pem' } }, 'NATSJOB_DB_TLS_CA: NATSJOB_DB_URL turns TLS off; take one of the two away.'],
    [{ env: { NATSJOB_DB_TYPE: 'postgres', NATSJOB_DB_URL: 'postgres://u:x@h/d?sslmode=prefer', NATSJOB_DB_TLS_CA: '/ca.pem' } }, 'NATSJOB_DB_TLS_CA: NATSJOB_DB_URL lets go unchecked who answers; ask for sslmode=verify-full there, or say nothing.'],
    [{ env: { NATSJOB_DB_TYPE: 'mysql', NATSJOB_DB_URL: 'root:x@tcp(h)/d', NATSJOB_DB_TLS_CERT: '/c.pem' } }, 'NATSJOB_DB_TLS_CERT and NATSJOB_DB_TLS_KEY: both are needed, or neither.'],
    [{ env: { NATSJOB_DB_TYPE: 'dm', NATSJOB_DB_URL: 'dm://SYSDBA:x@h', NATSJOB_DB_TLS_CA: '/ca.pem' } }, 'NATSJOB_DB_TLS_CA: natsjob has no TLS for Dameng; take it away.'],
    [{ env: { NATSJOB_TIMEZONE: 'Mars/Olympus' } }, 'Environment NATSJOB_TIMEZONE: must be the name of a time zone, as in Asia/Shanghai or UTC, not "Mars/Olympus".'],
    [{ env: { NATSJOB_NATS_URL: 'http://user:hush@host' } }, 'Environment NATSJOB_NATS_URL: must be like nats://user:password@host:4222 (nats or tls), several with commas between, or empty for the embedded server.'],
    [{ env: { NATSJOB_HTTP_HOST: 'a b' } }, 'Environment NATSJOB_HTTP_HOST: must be an address or a host name, as in 127.0.0.1 or 0.0.0.0, not "a b".'],
    [{ env: { NATSJOB_NATS_STORE_MAX_BYTES: '8X' } }, 'Environment NATSJOB_NATS_STORE_MAX_BYTES: must be a number of bytes from 16777216 to 1125899906842624, as in 8589934592 or 8G, not "8X".'],
    [{ env: { NATSJOB_NODE_ID: 'a.b' } }, 'Environment NATSJOB_NODE_ID: must be letters, digits, "_" and "-", at most 64 characters, not "a.b".'],
    [{ env: { NATSJOB_REQUIRE_NATS: 'perhaps' } }, 'Environment NATSJOB_REQUIRE_NATS: must be true or false, not "perhaps".'],
    [{ argv: ['--login-pwd='] }, 'Flag --login-pwd: must be 1 to 1024 characters on one line.'],
    [{ env: { NATSJOB_LOGIN_USER: 'a\u001b[31m' } }, 'Environment NATSJOB_LOGIN_USER: must be 1 to 128 characters on one line, not "a\uFFFD[31m".'],
    [{ env: { NATSJOB_LOGIN_PWD_FILE: '/no' } }, 'Environment NATSJOB_LOGIN_PWD_FILE: names a file that cannot be read (ENOENT).'],
    [{ env: { NATSJOB_LOGIN_PWD_FILE: '/e' }, files: { '/e': '\n' } }, 'Environment NATSJOB_LOGIN_PWD_FILE: names an empty file.'],
    [{ env: { NATSJOB_LOGIN_PWD_FILE: '/e', NATSJOB_LOGIN_PWD: 'x' }, files: { '/e': 'y' } }, 'Environment NATSJOB_LOGIN_PWD_FILE: is given together with NATSJOB_LOGIN_PWD; only one of the two is allowed.'],
  ] as [Sources, string][])('%j', (sources, sentence) => {
    expect(problemsOf(sources)).toEqual([sentence]);
  });

  it('for broken YAML names the line', () => {
    const [problem] = problemsOf({ file: 'NATSJOB_LOG_ENV: json\nNATSJOB_HTTP_PORT: "1\n' });
    expect(problem).toMatch(/^File conf\/config\.yaml:\d: is not YAML that can be read \(/);
  });

  it('for each of several, all at once', () => {
    expect(problemsOf({ env: { NATSJOB_HTTP_PORT: 'x' }, argv: ['--log-env', 'x'], file: 'NATSJOB_DB_TYPE: x' })).toHaveLength(3);
  });
});

describe('a value that another source overrules', () => {
  it.each([
    [{ env: { NATSJOB_HTTP_PORT: '1' }, argv: ['--http-port', '70000'] }, ['Flag --http-port: must be a whole number from 0 to 65535, not "70000".']],
    [{ env: { NATSJOB_HTTP_PORT: '1' }, file: 'NATSJOB_HTTP_PORT: x' }, ['File conf/config.yaml:1 NATSJOB_HTTP_PORT: must be a whole number from 0 to 65535, not "x".']],
    [
      { env: { NATSJOB_LOG_ENV: 'xml' }, argv: ['--log-env', 'text'], file: 'NATSJOB_LOG_ENV: yaml' },
      ['Environment NATSJOB_LOG_ENV: must be console or json, not "xml".', 'Flag --log-env: must be console or json, not "text".', 'File conf/config.yaml:1 NATSJOB_LOG_ENV: must be console or json, not "yaml".'],
    ],
    [{ env: { NATSJOB_LOGIN_PWD: 'x' }, argv: ['--login-pwd='] }, ['Flag --login-pwd: must be 1 to 1024 characters on one line.']],
    [{ env: { NATSJOB_NATS_URL_FILE: '/u' }, argv: ['--nats-url', 'http://u:hush@h'], files: { '/u': 'nats://h:1' } }, ['Flag --nats-url: must be like nats://user:password@host:4222 (nats or tls), several with commas between, or empty for the embedded server.']],
    [
      { env: { NATSJOB_DB_TYPE: 'sqlite', NATSJOB_DB_URL: '/data/x.sqlite' }, file: 'NATSJOB_DB_TYPE: mysql\nNATSJOB_DB_URL: root:hush' },
      ['File conf/config.yaml:2 NATSJOB_DB_URL: must be like user:password@tcp(host:3306)/database or mysql://user:password@host:3306/database.'],
    ],
  ] as [Sources, string[]][])('is a mistake all the same: %j', (sources, sentences) => {
    expect(problemsOf(sources)).toEqual(sentences);
  });
});

describe('oddities of YAML', () => {
  it.each([
    ['no quotes', 'NATSJOB_LOGIN_USER: 0700', '0700'],
    ['words that YAML 1.1 takes for truth', 'NATSJOB_LOGIN_USER: yes', 'yes'],
    ['a byte order mark', '\uFEFFNATSJOB_LOGIN_USER: a', 'a'],
    ['Windows line ends', 'NATSJOB_LOG_ENV: json\r\nNATSJOB_LOGIN_USER: "a"\r\n', 'a'],
    ['a comment behind', "NATSJOB_LOGIN_USER: 'a' # b", 'a'],
    ['nothing', 'NATSJOB_LOGIN_USER:', 'natsjob'],
    ['null', 'NATSJOB_LOGIN_USER: null', 'natsjob'],
    ['null in quotes', 'NATSJOB_LOGIN_USER: "null"', 'null'],
    ['an empty file', '', 'natsjob'],
    ['comments only', '# a\n\n# b\n', 'natsjob'],
  ])('%s', (_name, file, user) => {
    expect(load({ file }).config.loginUser).toBe(user);
  });
});

describe('whatever the sources hold', () => {
  const names = fc.oneof(fc.constantFrom(...SETTING_LIST.flatMap(({ name }) => [name, `${name}_FILE`])), fc.string().map((text) => `NATSJOB_${text}`));
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('0', '7788', 'nats://', 'json', '\0', '[', '*a', '{{{{'));
  const yaml = fc.oneof(text, fc.array(fc.tuple(names, text)).map((lines) => lines.map(([name, value]) => `${name}: ${value}`).join('\n')));
  it('gives settings or a ConfigError with sentences, nothing else', () => {
    fc.assert(fc.property(fc.dictionary(names, text), fc.array(fc.oneof(names.map((name) => `--${name}`), text)), fc.option(yaml), (env, argv, file) => {
      try {
        load({ env, argv, ...(file === null ? {} : { file }) });
      } catch (error) {
        if (!(error instanceof ConfigError) || error.problems.length === 0 || error.problems.some((problem) => !problem.endsWith('.') && !problem.endsWith('?'))) throw error;
      }
    }), { numRuns: 500 });
  });

  it('survives a file of brackets', () => {
    expect(problemsOf({ file: '['.repeat(200_000) })).toHaveLength(1);
  });
});
