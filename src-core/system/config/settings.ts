import {
  byteCount, databaseType, databaseUrl, feedUrl, filePath, hostName, natsUrls, nodeName, oneOf, optionalPath, plainText, timezone, wholeNumber, yesOrNo, type Parser,
} from './parsers.ts';

export interface Setting<T = unknown> {
  /** Name in the environment, in the file and as a flag. */
  readonly name: `NATSJOB_${string}`;
  /** Friendly flag, without the dashes. */
  readonly flag: string;
  /** Text that stands in when no source gives one; never a secret. */
  readonly default: string;
  readonly en: string;
  readonly zh: string;
  readonly parse: Parser<T>;
  /** Also read from the file that NAME_FILE names. Where it is shown: `whole` is masked, of `url` and `database` only the password. */
  readonly secret: 'whole' | 'url' | 'database' | false;
  /** Written into the first config.yaml as a live line; the others stand there commented out. */
  readonly inFirstFile: boolean;
  /** The flag alone means true. */
  readonly isSwitch: boolean;
}

/** Every setting there is: name, friendly flag, default and meaning side by side. Nothing else of ours defines one. */
export const SETTINGS = {
  logEnv: live('NATSJOB_LOG_ENV', 'log-env', 'console', oneOf('console', 'json'), 'Log lines on the terminal: console (for people) or json', '日志输出方式：console 或 json'),
  natsUrl: secret('url', 'NATSJOB_NATS_URL', 'nats-url', '', natsUrls(), 'NATS server, nats://user:password@host:4222; empty = the one on 127.0.0.1 if it answers, else the bundled one is started', 'NATS 地址，nats://用户:密码@主机:4222；留空 = 使用本机已有的服务，否则启动内置 NATS'),
  secretKey: secret('whole', 'NATSJOB_SECRET_KEY', 'secret-key', '', plainText(0, 1024), 'Key that signs login tokens; empty = made once and kept in the data folder', '系统秘钥，用于 Token 签名；留空 = 自动生成并保存在数据目录'),
  httpPort: live('NATSJOB_HTTP_PORT', 'http-port', '7788', wholeNumber(0, 65_535), 'Port of the API; 0 = any free one', 'HTTP 接口端口；0 = 任意空闲端口'),
  loginUser: live('NATSJOB_LOGIN_USER', 'login-user', 'natsjob', plainText(1, 128), 'User of the API', '登录用户名'),
  loginPwd: secret('whole', 'NATSJOB_LOGIN_PWD', 'login-pwd', 'natsjob', plainText(1, 1024), 'Password; the default one works from this machine only', '登录密码；默认密码仅限本机使用'),
  loginTokenExpireHours: live('NATSJOB_LOGIN_TOKEN_EXPIRE_HOURS', 'login-token-expire-hours', '2', wholeNumber(1, 8_760), 'Hours a login lasts', '登录 Token 过期时间（小时）'),
  jobResultExpireHours: live('NATSJOB_JOB_RESULT_EXPIRE_HOURS', 'job-result-expire-hours', '24', wholeNumber(1, 87_600), 'Hours ended runs are kept', '任务执行结果保留时长（小时）'),
  dbType: live('NATSJOB_DB_TYPE', 'db-type', 'sqlite', databaseType(), 'Database: sqlite, mysql (also MariaDB), postgres (also Kingbase in PostgreSQL mode) or dm (Dameng; not tried on a live server)', '数据库类型：sqlite、mysql（含 MariaDB）、postgres（含人大金仓 PostgreSQL 模式）、dm（达梦，未在真实服务器上验证）'),
  dbUrl: secret('database', 'NATSJOB_DB_URL', 'db-url', '', databaseUrl(), 'Address of the database, as in docs/databases.md; for sqlite a file, empty = natsjob.sqlite in the data folder', '数据库地址，写法见 docs/databases.md；sqlite 为文件路径，留空 = 数据目录下 natsjob.sqlite'),
  dbChanCount: live('NATSJOB_DB_CHAN_COUNT', 'db-chan-count', '100', wholeNumber(1, 10_000), 'Most connections to a remote database; without effect with sqlite, which has one writer', '远程数据库最大连接数；sqlite 为单写，不起作用'),
  httpHost: setting('NATSJOB_HTTP_HOST', 'http-host', '127.0.0.1', hostName(), 'Address to listen on; 0.0.0.0 opens it to the network', '监听地址；0.0.0.0 对外开放'),
  dataDir: setting('NATSJOB_DATA_DIR', 'data', './data', filePath(), 'Folder of the database, the embedded NATS and the secret key', '数据目录'),
  confDir: setting('NATSJOB_CONF_DIR', 'conf', './conf', filePath(), 'Folder of config.yaml', '配置目录（config.yaml）'),
  logDir: setting('NATSJOB_LOG_DIR', 'logs', './logs', filePath(), 'Folder of the log files', '日志目录'),
  logLevel: setting('NATSJOB_LOG_LEVEL', 'log-level', 'info', oneOf('debug', 'info', 'warn', 'error'), 'Least serious log lines wanted: debug, info, warn or error', '日志级别：debug、info、warn、error'),
  timezone: setting('NATSJOB_TIMEZONE', 'timezone', '', timezone(), "Zone of schedules that name none; empty = the machine's", '默认时区；留空 = 系统时区'),
  natsPort: setting('NATSJOB_NATS_PORT', 'nats-port', '4222', wholeNumber(1, 65_535), 'Port of the embedded NATS', '内置 NATS 端口'),
  natsStoreMaxBytes: setting('NATSJOB_NATS_STORE_MAX_BYTES', 'nats-store-max-bytes', '8G', byteCount(2 ** 24, 2 ** 50), 'Upper size of the run log in NATS', 'NATS 运行日志上限（字节）'),
  natsReportsMaxBytes: setting('NATSJOB_NATS_REPORTS_MAX_BYTES', 'nats-reports-max-bytes', '256M', byteCount(2 ** 20, 2 ** 50), 'Upper size of what workers report of their runs (log lines, progress, results), for a day at most', '工作者上报的日志、进度与结果的存储上限（字节），最多保留一天'),
  natsReplicas: setting('NATSJOB_NATS_REPLICAS', 'nats-replicas', '1', wholeNumber(1, 5), 'Copies of the run log in a NATS cluster', 'NATS 集群副本数'),
  natsServer: setting('NATSJOB_NATS_SERVER', 'nats-server', '', optionalPath(), 'The nats-server program to start; empty = bundled, cached or on PATH', 'nats-server 程序路径；留空 = 自动查找'),
  natsCreds: setting('NATSJOB_NATS_CREDS', 'nats-creds', '', optionalPath(), 'File with NATS credentials (JWT and seed)', 'NATS 凭证文件（JWT）'),
  natsTlsCa: setting('NATSJOB_NATS_TLS_CA', 'nats-tls-ca', '', optionalPath(), 'File with the authorities that vouch for the NATS server', 'NATS TLS 根证书文件'),
  natsTlsCert: setting('NATSJOB_NATS_TLS_CERT', 'nats-tls-cert', '', optionalPath(), 'File with our certificate for NATS', 'NATS TLS 客户端证书文件'),
  natsTlsKey: setting('NATSJOB_NATS_TLS_KEY', 'nats-tls-key', '', optionalPath(), 'File with the key of that certificate', 'NATS TLS 客户端私钥文件'),
  workerCalls: setting('NATSJOB_WORKER_CALLS', 'worker-calls', 'on', oneOf('on', 'off'), 'Whether this node answers what workers ask over NATS (declare a job, ask for runs, cancel): on or off', '是否应答工作者经 NATS 的调用（声明任务、查询与取消运行）：on 或 off'),
  requireNats: toggle('NATSJOB_REQUIRE_NATS', 'require-nats', 'Stop with exit code 69 when NATS is absent at the start, instead of waiting for it', '启动时 NATS 不可用则以 69 退出'),
  dbSync: setting('NATSJOB_DB_SYNC', 'db-sync', 'normal', oneOf('normal', 'full'), 'How hard SQLite waits for the disk: normal or full', 'SQLite 落盘方式：normal 或 full'),
  dbTlsCa: setting('NATSJOB_DB_TLS_CA', 'db-tls-ca', '', optionalPath(), 'File with the authorities that vouch for the database server; given, the server is checked', '数据库 TLS 根证书文件；设置后校验服务器'),
  dbTlsCert: setting('NATSJOB_DB_TLS_CERT', 'db-tls-cert', '', optionalPath(), 'File with our certificate for the database', '数据库 TLS 客户端证书文件'),
  dbTlsKey: setting('NATSJOB_DB_TLS_KEY', 'db-tls-key', '', optionalPath(), 'File with the key of that certificate', '数据库 TLS 客户端私钥文件'),
  nodeId: setting('NATSJOB_NODE_ID', 'node-id', '', nodeName(), 'Name of this node among others; empty = made once and kept in the data folder', '节点名；留空 = 自动生成'),
  updateUrl: setting('NATSJOB_UPDATE_URL', 'update-url', '', feedUrl(), 'latest.json of the releases, for natsjob upgrade --check; empty = none is asked', '版本信息 latest.json 的地址，供 natsjob upgrade --check 使用；留空 = 不检查'),
} as const;

export type SettingKey = keyof typeof SETTINGS;
export type SettingValues = { readonly [K in SettingKey]: ReturnType<(typeof SETTINGS)[K]['parse']> };

/** In the order of the table, without the exact types. */
export const SETTING_LIST: readonly (Setting & { readonly key: SettingKey })[] = Object.entries(SETTINGS).map(([key, value]) => ({ ...value, key: key as SettingKey }));

/** Names of the Go natsjob that have no meaning here: told in a note, not an error. */
export const RETIRED_NAMES: readonly string[] = ['NATSJOB_NAMESPACE', 'NATSJOB_NAMESPACE_ONLY_JOB'];

function setting<T>(name: Setting['name'], flag: string, fallback: string, parse: Parser<T>, en: string, zh: string): Setting<T> {
  return { name, flag, default: fallback, parse, en, zh, secret: false, inFirstFile: false, isSwitch: false };
}

function live<T>(name: Setting['name'], flag: string, fallback: string, parse: Parser<T>, en: string, zh: string): Setting<T> {
  return { ...setting(name, flag, fallback, parse, en, zh), inFirstFile: true };
}

function secret<T>(mask: 'whole' | 'url' | 'database', name: Setting['name'], flag: string, fallback: string, parse: Parser<T>, en: string, zh: string): Setting<T> {
  return { ...live(name, flag, fallback, parse, en, zh), secret: mask };
}

function toggle(name: Setting['name'], flag: string, en: string, zh: string): Setting<boolean> {
  return { ...setting(name, flag, 'false', yesOrNo(), en, zh), isSwitch: true };
}
