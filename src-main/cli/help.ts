import { SETTING_LIST } from '../../src-core/system/index.ts';
import type { Command, Language, OptionDefinition } from './command.ts';
import { padEnd } from './table.ts';

const TEXT = {
  en: { usage: 'Usage', commands: 'Commands', examples: 'Examples', options: 'Options', settings: 'Settings (environment beats flag beats conf/config.yaml)', default: 'default', about: 'natsjob: a distributed job scheduler over NATS.', more: 'natsjob help <command> tells more of one of them.', help: 'This text' },
  zh: { usage: '用法', commands: '命令', examples: '示例', options: '选项', settings: '配置（环境变量 > 命令行 > conf/config.yaml）', default: '默认', about: 'natsjob：基于 NATS 的分布式任务调度。', more: 'natsjob help <命令> 查看详细说明。', help: '显示帮助' },
} as const;

/** Settings that a command which only talks to a running scheduler heeds. */
const CLIENT_SETTINGS: readonly string[] = ['httpPort', 'httpHost', 'loginUser', 'loginPwd', 'dataDir', 'confDir'];

/** Help of the whole program: every command in a line, then the settings of the first one. */
export function programHelp(commands: readonly Command[], language: Language): string {
  const text = TEXT[language];
  const width = Math.max(...commands.map((command) => command.name.length)) + 2;
  const first = commands[0];
  return [
    text.about, '',
    `${text.usage}: natsjob [command] [flags]`, '',
    `${text.commands}:`, ...commands.map((command) => `  ${padEnd(command.name, width)}${command[language]}`), '',
    text.more, '',
    `${text.examples}:`, ...(first?.examples ?? []).map((example) => `  ${example}`), '',
    ...settingLines('all', language),
  ].join('\n');
}

/** Help of one command. */
export function commandHelp(command: Command, language: Language): string {
  const text = TEXT[language];
  const options = [...(command.options ?? []), { flag: '--help', short: '-h', en: TEXT.en.help, zh: TEXT.zh.help }];
  const usage = ['natsjob', command.name, command.words, '[flags]'].filter((part) => part !== undefined).join(' ');
  return [
    `${command[language]}`, '',
    `${text.usage}: ${usage}`, '',
    `${text.examples}:`, ...command.examples.map((example) => `  ${example}`), '',
    `${text.options}:`, ...options.map((option) => optionLine(option, language)),
    ...(command.settings === 'none' ? [] : ['', ...settingLines(command.settings, language)]),
  ].join('\n');
}

/** Help of the commands that share a first word. */
export function groupHelp(word: string, commands: readonly Command[], language: Language): string {
  const group = commands.filter((command) => command.name.startsWith(`${word} `));
  return [
    `${TEXT[language].usage}: natsjob ${word} <command> [flags]`, '',
    `${TEXT[language].commands}:`, ...group.map((command) => `  ${padEnd([command.name, command.words].filter(Boolean).join(' '), 38)}${command[language]}`), '',
    `${TEXT[language].examples}:`, ...group.slice(0, 3).flatMap((command) => command.examples.slice(0, 1)).map((example) => `  ${example}`),
  ].join('\n');
}

function optionLine(option: OptionDefinition, language: Language): string {
  const flag = [option.short, [option.flag, option.value].filter(Boolean).join(' ')].filter(Boolean).join(', ');
  return `  ${padEnd(flag, 26)}${option[language]}`;
}

function settingLines(which: 'all' | 'client', language: Language): string[] {
  const text = TEXT[language];
  const wanted = SETTING_LIST.filter((setting) => which === 'all' || CLIENT_SETTINGS.includes(setting.key));
  return [
    `${text.settings}:`,
    ...wanted.flatMap(({ flag, name, default: fallback, isSwitch, secret, ...setting }) => [
      `  --${padEnd(`${flag}${isSwitch ? '' : ' …'}`, 28)}${name}${secret ? ` (_FILE)` : ''}  [${text.default}: ${fallback === '' ? '-' : fallback}]`,
      `      ${setting[language]}`,
    ]),
  ];
}
