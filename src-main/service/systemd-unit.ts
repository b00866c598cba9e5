import { serviceWords, type ServiceSpec } from './service-spec.ts';
import { unitCommand, unitText, unitWord } from './systemd-text.ts';

/** Variables for the service, one NAME=value a line; systemd reads it before it gives up its rights. */
export function environmentFile({ confDir }: Pick<ServiceSpec, 'confDir'>): string {
  return `${confDir}/natsjob.env`;
}

/**
 * The unit. Starting again does not help after 2 (command line) and 78 (settings); 75 (folder in use) and 69 (NATS missing)
 * may pass, so they are tried again. A stop goes to the scheduler alone (`mixed`): it ends its NATS server after the last
 * acknowledgement. Throws CommandError for text that cannot be written.
 */
export function systemdUnit(spec: ServiceSpec): string {
  const isSystem = spec.scope === 'system';
  return [
    `# Written by "natsjob service install". Settings belong into ${unitText(spec.confDir)}/config.yaml,`,
    `# changes of this unit into "systemctl ${isSystem ? '' : '--user '}edit ${spec.name}".`,
    '[Unit]',
    `Description=natsjob, job scheduler over NATS${spec.name === 'natsjob' ? '' : ` (${spec.name})`}`,
    ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    '',
    '[Service]',
    'Type=notify',
    '# systemd-notify speaks for the scheduler.',
    'NotifyAccess=all',
    `ExecStart=${unitCommand(serviceWords(spec))}`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    `WorkingDirectory=${unitText(spec.dataDir)}`,
    `EnvironmentFile=-${unitText(environmentFile(spec))}`,
    'Restart=on-failure',
    'RestartSec=5',
    'RestartPreventExitStatus=2 78',
    'KillMode=mixed',
    '# A new version may copy and migrate the database first.',
    'TimeoutStartSec=15min',
    'TimeoutStopSec=30',
    'WatchdogSec=60',
    'UMask=0077',
    '',
    ...(isSystem ? [...accountLines(spec), '', ...folderLines(spec), '', ...NAMESPACE_LINES, ...rightLines(spec)] : []),
    ...EVERYWHERE,
    '',
    '[Install]',
    `WantedBy=${isSystem ? 'multi-user.target' : 'default.target'}`,
    '',
    '# Read by "natsjob service"; systemd skips such a section.',
    '[X-Natsjob]',
    `Data=${spec.dataDir}`,
    '',
  ].join('\n');
}

/** What a unit of ours says about its data; undefined when it is none of ours. */
export function dataFolderOfUnit(unit: string): string | undefined {
  return /^\[X-Natsjob\]\nData=(.+)$/m.exec(unit)?.[1];
}

function accountLines({ account }: ServiceSpec): string[] {
  return [`User=${account}`, `Group=${account}`];
}

/** systemd makes the usual folders and hands them to the account; others are only opened for writing. */
function folderLines({ name, dataDir, logDir, confDir }: ServiceSpec): string[] {
  const runtime = `${dataDir}/runtime`;
  return [
    ...(dataDir === `/var/lib/${name}`
      ? [
          `StateDirectory=${name} ${name}/runtime`, 'StateDirectoryMode=0700',
          '# Only what the program unpacks there runs; nothing else that is written does.',
          `NoExecPaths=${unitWord(dataDir)}`, `ExecPaths=${unitWord(runtime)}`,
        ]
      : [`ReadWritePaths=${unitWord(dataDir)}`]),
    ...(logDir === `/var/log/${name}` ? [`LogsDirectory=${name}`, 'LogsDirectoryMode=0750'] : [`ReadWritePaths=${unitWord(logDir)}`]),
    ...(confDir === `/etc/${name}` ? [`ConfigurationDirectory=${name}`, 'ConfigurationDirectoryMode=0750'] : []),
  ];
}

/** A user's manager may not make the mounts and namespaces that these need. */
const NAMESPACE_LINES: readonly string[] = [
  'ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes', 'PrivateDevices=yes', 'DevicePolicy=closed', 'ProtectProc=invisible',
  'ProtectClock=yes', 'ProtectControlGroups=yes', 'ProtectHostname=yes', 'ProtectKernelLogs=yes', 'ProtectKernelModules=yes', 'ProtectKernelTunables=yes',
  'PrivateMounts=yes', 'RemoveIPC=yes', 'KeyringMode=private',
];

/** A port below 1024 needs a capability of the machine, which a user namespace of its own would not have. */
function rightLines({ httpPort }: ServiceSpec): string[] {
  const needsPort = httpPort > 0 && httpPort < 1024;
  return needsPort ? ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE', 'AmbientCapabilities=CAP_NET_BIND_SERVICE'] : ['CapabilityBoundingSet=', 'AmbientCapabilities=', 'PrivateUsers=yes'];
}

/** No MemoryDenyWriteExecute: V8 makes its code while it runs. AF_NETLINK lists the addresses of the machine. */
const EVERYWHERE: readonly string[] = [
  'NoNewPrivileges=yes', 'LockPersonality=yes', 'RestrictNamespaces=yes', 'RestrictRealtime=yes', 'RestrictSUIDSGID=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'SystemCallArchitectures=native', 'SystemCallFilter=@system-service', 'SystemCallFilter=~@privileged @resources', 'SystemCallErrorNumber=EPERM',
];
