import type { ServiceSpec } from '../../src-main/service/service-spec.ts';

/** As an installation with nothing special gives it. */
export const SYSTEM_SPEC: ServiceSpec = {
  name: 'natsjob', scope: 'system', program: ['/usr/local/bin/natsjob'], flags: ['--http-port=8080', '--login-pwd-file=/etc/natsjob/login-pwd.secret'],
  dataDir: '/var/lib/natsjob', confDir: '/etc/natsjob', logDir: '/var/log/natsjob', account: 'natsjob', httpPort: 8080,
};

/** With everything in it that means something in one of the formats. */
export const ODD_SPEC: ServiceSpec = {
  name: 'night-shift_2', scope: 'user', program: ['/opt/node 22; é/$HOME & 50%/node', '--enable-source-maps', `/opt/a "b" 'c'/50% <&>/é任务/headless.mjs`],
  flags: ['--timezone=Asia/Shanghai', '--nats-server=/opt/%h/${x}/back\\slash/nats-server', '--log-level=info'],
  dataDir: '/home/zoë & co/data 100%/$d', confDir: '/home/zoë & co/conf "q"/%n', logDir: "/home/zoë & co/l'ogs; #1", account: '', httpPort: 7788,
};

export const WINDOWS_SPEC: ServiceSpec = {
  ...SYSTEM_SPEC, program: ['C:\\Program Files\\natsjob\\natsjob.exe'], account: '',
  flags: ['--http-port=8080', '--login-pwd-file=C:\\ProgramData\\natsjob\\conf\\login-pwd.secret'],
  dataDir: 'C:\\ProgramData\\natsjob\\data', confDir: 'C:\\ProgramData\\natsjob\\conf', logDir: 'C:\\ProgramData\\natsjob\\logs',
};
