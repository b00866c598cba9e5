import type { Command, OptionDefinition } from '../cli/command.ts';

const JSON_OPTION: OptionDefinition = { flag: '--json', en: 'Answer as JSON', zh: '以 JSON 输出' };
const URL_OPTION: OptionDefinition = { flag: '--url', value: 'URL', en: 'Where the scheduler is, if not where the settings say', zh: '调度器地址（默认取自配置）' };
const LIMIT: OptionDefinition = { flag: '--limit', value: 'N', en: 'At most so many, up to 200 (default 50)', zh: '最多条数，不超过 200（默认 50）' };
const CURSOR: OptionDefinition = { flag: '--cursor', value: 'TEXT', en: 'Go on where the last answer ended', zh: '从上一页末尾继续' };
const NAMESPACE: OptionDefinition = { flag: '--namespace', short: '-n', value: 'NAME', en: 'Only this namespace', zh: '命名空间' };
const APP: OptionDefinition = { flag: '--app', short: '-a', value: 'NAME', en: 'Only this app', zh: '应用' };

const USER: OptionDefinition = { flag: '--user', en: 'A service of your own instead of one of the whole machine', zh: '当前用户的服务（默认为系统服务）' };
const SERVICE_NAME: OptionDefinition = { flag: '--name', value: 'NAME', en: 'Name of the service (default natsjob)', zh: '服务名（默认 natsjob）' };
const SERVICE_VERBS: readonly (readonly ['install' | 'uninstall' | 'start' | 'stop' | 'restart' | 'status', string, string, readonly OptionDefinition[], readonly string[]])[] = [
  [
    'install', 'Make it a service of systemd, launchd or Windows, with the settings given here', '安装为系统服务（systemd、launchd、Windows），沿用此处给出的配置',
    [{ flag: '--no-start', en: 'Do not start it now', zh: '暂不启动' }, { flag: '--force', en: 'Overwrite a service that says something else', zh: '覆盖已有的服务' }],
    ['natsjob service install --user', 'natsjob service install --http-port 8080 --nats-url nats://10.0.0.5:4222'],
  ],
  ['uninstall', 'Stop the service and remove it; data stays', '停止并移除服务（保留数据）', [], ['natsjob service uninstall --user']],
  ['start', 'Start the service', '启动服务', [], ['natsjob service start --name natsjob-test']],
  ['stop', 'Stop the service in order', '停止服务', [], ['natsjob service stop --user']],
  ['restart', 'Stop and start the service', '重启服务', [], ['natsjob service restart --user']],
  ['status', 'Exit 0 if the service runs, 3 if not, 4 if there is none', '服务状态：运行中 0，未运行 3，未安装 4', [JSON_OPTION], ['natsjob service status --user --json']],
];

/** Every command; the first is what runs when none is named. The code of a command is loaded when it runs. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'serve', en: 'Run the scheduler (the default)', zh: '启动调度器（默认命令）', settings: 'all',
    options: [{ flag: '--stop-with-stdin', en: 'Stop in order when standard input closes', zh: '标准输入关闭时正常停止' }],
    examples: ['natsjob', 'natsjob serve --http-port 8080 --data /var/lib/natsjob', 'NATSJOB_NATS_URL=nats://10.0.0.5:4222 natsjob serve --require-nats'],
    run: async (context) => (await import('./serve.ts')).serve(context),
  },
  {
    name: 'config check', en: 'Read all settings without starting', zh: '检查配置', settings: 'all',
    examples: ['natsjob config check', 'natsjob config check --conf /etc/natsjob'],
    run: async (context) => (await import('./config-commands.ts')).configCheck(context),
  },
  {
    name: 'config show', en: 'Show the settings in force, secrets masked', zh: '显示生效的配置（隐藏密钥）', settings: 'all',
    options: [{ flag: '--sources', en: 'Also where each comes from', zh: '同时显示来源' }, JSON_OPTION],
    examples: ['natsjob config show --sources', 'natsjob config show --json'],
    run: async (context) => (await import('./config-commands.ts')).configShow(context),
  },
  {
    name: 'doctor', en: 'Look for what keeps it from running well', zh: '环境诊断', settings: 'all', options: [JSON_OPTION],
    examples: ['natsjob doctor', 'natsjob doctor --json'],
    run: async (context) => (await import('./doctor.ts')).doctor(context),
  },
  {
    name: 'db check', en: 'Look the database through: reach, versions, counts, how far it follows NATS', zh: '检查数据库：连通、版本、行数、与 NATS 的差距', settings: 'all', options: [JSON_OPTION],
    examples: ['natsjob db check', 'natsjob db check --json'],
    run: async (context) => (await import('./db-check.ts')).dbCheck(context),
  },
  {
    name: 'db migrate', en: "Make the tables of the database, or bring them to this program's schema", zh: '创建数据库表，或升级到本程序的结构版本', settings: 'all', options: [JSON_OPTION],
    examples: ['natsjob db migrate', 'natsjob db migrate --db-type postgres --db-url-file /run/secrets/db-url'],
    run: async (context) => (await import('./db-migrate.ts')).dbMigrate(context),
  },
  {
    name: 'db copy', en: 'Copy everything into another database, while natsjob is stopped', zh: '把全部数据复制到另一个数据库（需先停止 natsjob）', settings: 'all',
    options: [
      { flag: '--from', value: 'PLACE', en: 'settings (what they say now), sqlite:<file>, or an address after mysql:, postgres: or dm:; @<file> holds it', zh: 'settings（当前配置）、sqlite:<文件>，或 mysql:、postgres:、dm: 加地址；@<文件> 表示地址在文件中' },
      { flag: '--to', value: 'PLACE', en: 'The same; made if it is not there', zh: '同上；不存在则创建' },
      { flag: '--force', en: 'Delete what is there', zh: '删除目标中已有的数据' }, JSON_OPTION,
    ],
    examples: ['natsjob db copy --from sqlite: --to postgres:@/run/secrets/db-url', 'natsjob db copy --from settings --to sqlite:natsjob.sqlite', 'natsjob db copy --from mysql://natsjob:password@old/natsjob --to mariadb:@new-url --force'],
    run: async (context) => (await import('./db-copy.ts')).dbCopy(context),
  },
  {
    name: 'job ls', en: 'List jobs', zh: '任务列表', settings: 'client',
    options: [NAMESPACE, APP, { flag: '--state', value: 'STATE', en: 'enabled, disabled or paused', zh: '状态：enabled、disabled、paused' }, { flag: '--category', value: 'CATEGORY', en: 'standalone, broadcast, map or group', zh: '类别' }, { flag: '--model', value: 'MODEL', en: 'lite, plus, max, pro or ultra', zh: '模型' }, { flag: '--tag', value: 'TAG', en: 'Only with this tag', zh: '标签' }, { flag: '--q', short: '-q', value: 'TEXT', en: 'Part of name or description', zh: '名称或描述包含' }, LIMIT, CURSOR, JSON_OPTION, URL_OPTION],
    examples: ['natsjob job ls', 'natsjob job ls --namespace app --state enabled --json'],
    run: async (context) => (await import('./job-reads.ts')).jobLs(context),
  },
  {
    name: 'job get', words: '<namespace.app.name>', leastWords: 1, mostWords: 1, en: 'Show a job, in the form job apply reads', zh: '查看任务', settings: 'client',
    options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob job get app.biz.owner', 'natsjob job get app.biz.owner --json'],
    run: async (context) => (await import('./job-reads.ts')).jobGet(context),
  },
  {
    name: 'job apply', en: 'Create or change jobs as a file says', zh: '按文件创建或更新任务', settings: 'client',
    options: [{ flag: '--file', short: '-f', value: 'FILE', en: 'YAML or JSON, one or several jobs; - is standard input', zh: 'YAML 或 JSON 文件，- 为标准输入' }, JSON_OPTION, URL_OPTION],
    examples: ['natsjob job apply -f jobs.yaml', 'natsjob job get app.biz.owner | natsjob job apply -f -'],
    run: async (context) => (await import('./job-apply.ts')).jobApply(context),
  },
  {
    name: 'job run', words: '<namespace.app.name>', leastWords: 1, mostWords: 1, en: 'Run a job now', zh: '立即执行任务', settings: 'client',
    options: [
      { flag: '--args', value: 'TEXT', en: "Other args than the job's own", zh: '执行参数（文本）' }, { flag: '--args-json', value: 'JSON', en: 'The same, as a JSON value', zh: '执行参数（JSON）' },
      { flag: '--delay', value: 'MS', en: 'Milliseconds to wait', zh: '延迟毫秒数' }, { flag: '--priority', value: 'N', en: '1 to 20, or low, normal, high, critical', zh: '优先级：1–20，或 low、normal、high、critical' },
      { flag: '--worker', value: 'ID', en: 'The worker it goes to', zh: '指定客户端' }, JSON_OPTION, URL_OPTION,
    ],
    examples: ['natsjob job run app.biz.owner', `natsjob job run app.biz.owner --args-json '{"day":"2026-03-01"}'`],
    run: async (context) => (await import('./job-writes.ts')).jobRun(context),
  },
  ...(['enable', 'disable'] as const).map((action): Command => ({
    name: `job ${action}`, words: '<namespace.app.name>…', leastWords: 1, mostWords: 1_000, settings: 'client', options: [URL_OPTION],
    en: action === 'enable' ? 'Let jobs fire' : 'Keep jobs from firing', zh: action === 'enable' ? '启用任务' : '停用任务',
    examples: [`natsjob job ${action} app.biz.owner`, `natsjob job ${action} app.biz.owner app.biz.other`],
    run: async (context) => (await import('./job-writes.ts')).jobSetState(context, action === 'enable' ? 'enabled' : 'disabled'),
  })),
  {
    name: 'job rm', words: '<namespace.app.name>…', leastWords: 1, mostWords: 1_000, en: 'Delete jobs', zh: '删除任务', settings: 'client', options: [URL_OPTION],
    examples: ['natsjob job rm app.biz.owner', 'natsjob job rm app.biz.owner app.biz.other'],
    run: async (context) => (await import('./job-writes.ts')).jobRm(context),
  },
  {
    name: 'runs ls', en: 'List runs, newest first', zh: '执行记录', settings: 'client',
    options: [
      NAMESPACE, APP, { flag: '--job', short: '-j', value: 'JOB', en: 'Only this job: its name, or namespace.app.name', zh: '任务名' },
      { flag: '--state', value: 'STATE', en: 'delayed, waiting, active, completed, failed, expired or cancelled; several with commas', zh: '状态，可用逗号分隔' },
      { flag: '--trigger', value: 'KIND', en: 'schedule, manual, retry, catch-up, map or api', zh: '触发方式' }, { flag: '--worker', value: 'ID', en: 'Only of this worker', zh: '客户端' },
      { flag: '--from', value: 'TIME', en: 'Scheduled at or after, ISO 8601', zh: '开始时间（ISO 8601）' }, { flag: '--to', value: 'TIME', en: 'Scheduled before', zh: '结束时间' },
      { flag: '--reason', value: 'TEXT', en: 'Part of the reason', zh: '原因包含' },
      { flag: '--monitor-status', value: 'STATUS', en: 'Only with this monitor status', zh: '监控状态' },
      { flag: '--monitor-payload', value: 'TEXT', en: 'Only with this in the monitor payload', zh: '监控内容包含的文字' },
      { flag: '--args', value: 'TEXT', en: 'Only with this in the args, or path:value of JSON args', zh: '参数包含的文字，或 JSON 参数的 路径:值' },
      { flag: '--min-duration-ms', value: 'N', en: 'Only those that took at least so long', zh: '至少耗时（毫秒）' }, LIMIT, CURSOR, JSON_OPTION, URL_OPTION,
    ],
    examples: ['natsjob runs ls', 'natsjob runs ls --job app.biz.owner --state failed,expired', 'natsjob runs ls --limit 5 --json'],
    run: async (context) => (await import('./runs-reads.ts')).runsLs(context),
  },
  {
    name: 'runs get', words: '<taskId>', leastWords: 1, mostWords: 1, en: 'Show a run and what became of it', zh: '查看执行详情', settings: 'client', options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob runs get 447392427147264000', 'natsjob runs get 447392427147264000 --json'],
    run: async (context) => (await import('./runs-reads.ts')).runsGet(context),
  },
  {
    name: 'runs log', words: '<taskId>', leastWords: 1, mostWords: 1, en: 'Show what the worker reported of a run: log lines, progress, a long result', zh: '查看执行的日志、进度与结果', settings: 'client',
    options: [{ flag: '--follow', short: '-f', en: 'Go on until the run has ended', zh: '持续输出直到执行结束' }, { flag: '--json', en: 'One JSON object a line', zh: '每行一个 JSON' }, URL_OPTION],
    examples: ['natsjob runs log 447392427147264000', 'natsjob runs log 447392427147264000 --follow'],
    run: async (context) => (await import('./runs-log.ts')).runsLog(context),
  },
  {
    name: 'runs tail', en: 'Follow runs as they happen, until Ctrl-C', zh: '实时跟踪执行', settings: 'client',
    options: [NAMESPACE, APP, { flag: '--job', short: '-j', value: 'JOB', en: 'Only this job: its name, or namespace.app.name', zh: '任务名' }, { flag: '--json', en: 'One JSON object a line', zh: '每行一个 JSON' }, URL_OPTION],
    examples: ['natsjob runs tail', 'natsjob runs tail --job app.biz.owner --json'],
    run: async (context) => (await import('./runs-tail.ts')).runsTail(context),
  },
  {
    name: 'runs cancel', words: '<taskId>…', leastWords: 1, mostWords: 1_000, en: 'Cancel open runs', zh: '取消执行', settings: 'client', options: [URL_OPTION],
    examples: ['natsjob runs cancel 447392427147264000', 'natsjob runs cancel 447392427147264000 447392427147264001'],
    run: async (context) => (await import('./runs-cancel.ts')).runsCancel(context),
  },
  {
    name: 'pause', en: 'Keep the whole scheduler from sending anything', zh: '暂停整个调度器', settings: 'client',
    options: [
      { flag: '--for', value: 'LENGTH', en: 'Go on by itself after that: 90s, 15m, 1h30m, 2d', zh: '暂停时长，到时自动恢复：90s、15m、1h30m、2d' },
      { flag: '--until', value: 'TIME', en: 'Go on by itself then, ISO 8601', zh: '到该时间自动恢复（ISO 8601）' }, JSON_OPTION, URL_OPTION,
    ],
    examples: ['natsjob pause', 'natsjob pause --for 1h', 'natsjob pause --until 2026-03-01T08:00:00+08:00'],
    run: async (context) => (await import('./pause.ts')).pause(context),
  },
  {
    name: 'resume', en: 'Let a paused scheduler go on', zh: '恢复调度', settings: 'client', options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob resume', 'natsjob resume --json'],
    run: async (context) => (await import('./pause.ts')).resume(context),
  },
  {
    name: 'workers', en: 'List the workers known by their heartbeats', zh: '客户端列表', settings: 'client', options: [NAMESPACE, APP, JSON_OPTION, URL_OPTION],
    examples: ['natsjob workers', 'natsjob workers --app biz --json'],
    run: async (context) => (await import('./workers.ts')).workers(context),
  },
  {
    name: 'servers', en: 'List the servers of the cluster: who leads, and how far each has read', zh: '集群服务端列表：角色、任期与延迟', settings: 'client', options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob servers', 'natsjob servers --url http://10.0.0.5:7788 --json'],
    run: async (context) => (await import('./servers.ts')).servers(context),
  },
  {
    name: 'servers step-down', words: '[id]', mostWords: 1, en: 'Make the leader give up its lead to another server', zh: '让主节点让出，由其他服务端接管', settings: 'client', options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob servers step-down', 'natsjob servers step-down node-1'],
    run: async (context) => (await import('./servers.ts')).serversStepDown(context),
  },
  {
    name: 'status', en: 'Show how the running scheduler is doing', zh: '调度器状态', settings: 'client', options: [JSON_OPTION, URL_OPTION],
    examples: ['natsjob status', 'natsjob status --url http://10.0.0.5:7788 --json'],
    run: async (context) => (await import('./status.ts')).status(context),
  },
  {
    name: 'healthcheck', en: 'Exit 0 if the scheduler answers (for containers)', zh: '健康检查（容器用）', settings: 'client',
    options: [{ flag: '--ready', en: 'Ask whether it is ready, not only alive', zh: '检查是否就绪' }, URL_OPTION],
    examples: ['natsjob healthcheck', 'natsjob healthcheck --ready'],
    run: async (context) => (await import('./healthcheck.ts')).healthcheck(context),
  },
  {
    name: 'upgrade', en: 'Look whether there is a newer version; changes nothing', zh: '检查是否有新版本（不做任何更改）', settings: 'none',
    options: [
      { flag: '--check', en: 'Compare with the newest release and say how to get it; exit code 10 if it is newer', zh: '与最新版本比较并给出升级命令；有新版本时退出码为 10' },
      { flag: '--url', value: 'URL', en: 'Of latest.json, if not as NATSJOB_UPDATE_URL says', zh: 'latest.json 的地址（默认取自 NATSJOB_UPDATE_URL）' }, JSON_OPTION,
    ],
    examples: ['natsjob upgrade --check', 'natsjob upgrade --check --url https://downloads.example.com/natsjob/latest.json --json'],
    run: async (context) => (await import('./upgrade.ts')).upgrade(context),
  },
  ...SERVICE_VERBS.map(([verb, en, zh, options, examples]): Command => ({
    name: `service ${verb}`, en, zh, settings: verb === 'install' ? 'all' : 'none', options: [...options, USER, SERVICE_NAME],
    examples: [`natsjob service ${verb}`, ...examples],
    run: async (context) => (await import('./service.ts')).service(context, verb),
  })),
  {
    name: 'version', en: 'Show the version', zh: '版本', settings: 'none', options: [JSON_OPTION],
    examples: ['natsjob version', 'natsjob version --json'],
    run: async (context) => (await import('./version.ts')).version(context),
  },
  {
    name: 'help', words: '[command]', mostWords: 2, en: 'Explain a command', zh: '帮助', settings: 'none',
    examples: ['natsjob help', 'natsjob help job apply'],
    run: async (context) => (await import('./help.ts')).help(context, COMMANDS),
  },
];
