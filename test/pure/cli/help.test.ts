import { describe, expect, it } from 'vitest';
import { SETTING_LIST } from '../../../src-core/system/index.ts';
import type { Command } from '../../../src-main/cli/command.ts';
import { commandHelp, groupHelp, programHelp } from '../../../src-main/cli/help.ts';
import { languageOf } from '../../../src-main/cli/language.ts';
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts';
import { table } from '../../../src-main/cli/table.ts';
import { COMMANDS } from '../../../src-main/commands/index.ts';
import { sparePort } from '../../support/spare-port.ts';

describe('help', () => {
  it('names every command, and every setting with variable and default', () => {
    const text = programHelp(COMMANDS, 'en');
    for (const { name } of COMMANDS) expect(text).toContain(`  ${name} `);
    for (const { name, flag, default: fallback } of SETTING_LIST) expect(text).toMatch(new RegExp(`--${flag}\\b.*${name}.*default: ${fallback === '' ? '-' : fallback.replaceAll('.', '\\.')}\\]`));
  });

  it('of a command shows usage, examples and its options', () => {
    const command = COMMANDS.find(({ name }) => name === 'job run') as Command;
    const text = commandHelp(command, 'en');
    expect(text).toContain('Usage: natsjob job run <namespace.app.name> [flags]');
    expect(text).toContain('--args-json JSON');
    expect(text).toContain('natsjob job run app.biz.owner');
  });

  it('is in Chinese where the terminal is', () => {
    expect(commandHelp(COMMANDS[0] as Command, 'zh')).toContain('用法: natsjob serve');
    expect(groupHelp('job', COMMANDS, 'zh')).toContain('任务列表');
    expect([languageOf({ LANG: 'zh_CN.UTF-8' }), languageOf({ LANG: 'en_US.UTF-8' }), languageOf({ LC_ALL: 'zh_TW', LANG: 'C' }), languageOf({})]).toEqual(['zh', 'en', 'zh', 'en']);
  });
});

describe('the command line as a whole', () => {
  async function run(argv: string[], env: Record<string, string> = {}) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCommandLine({ argv, env, cwd: '/nowhere-at-all', programDir: '/', print: (line) => out.push(line), say: (line) => err.push(line) }, COMMANDS);
    return { code, out: out.join('\n'), err: err.join('\n') };
  }

  it('gives help on standard output with 0, and mistakes on standard error with 2', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, err: '' });
    expect(await run(['help', 'job', 'run'])).toMatchObject({ code: 0, err: '' });
    expect(await run(['job', 'lss'])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('See natsjob help job') as string });
    expect(await run(['help', 'jbo'])).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean') as string });
  });

  it('gives 78 and every sentence for settings that cannot be used', async () => {
    const { code, err, out } = await run(['config', 'check', '--http-port', 'x'], { NATSJOB_LOG_ENV: 'y' });
    expect([code, out, err.split('\n').length]).toEqual([78, '', 2]);
  });

  it('shows settings with their sources and no secret', async () => {
    const { code, out } = await run(['config', 'show', '--sources', '--json'], { NATSJOB_LOGIN_PWD: 'hush', NATSJOB_NATS_URL: 'nats://u:hush@h' });
    expect(code).toBe(0);
    expect(out).not.toContain('hush');
    expect(JSON.parse(out)).toMatchObject({ NATSJOB_LOGIN_PWD: { value: '******', source: 'environment' }, NATSJOB_NATS_URL: { value: 'nats://u:***@h' }, NATSJOB_HTTP_PORT: { value: '7788', source: 'default' } });
  });

  it('takes a priority as a number or a word, and nothing else', async () => {
    for (const priority of ['urgent', '0', '21', '1.5', '']) {
      expect(await run(['job', 'run', 'app.biz.a', `--priority=${priority}`])).toMatchObject({ code: 2, err: expect.stringContaining('--priority must be') as string });
    }
    expect(await run(['job', 'run', 'app.biz.a', '--priority', 'high', '--url', `http://127.0.0.1:${await sparePort()}`])).toMatchObject({ code: 1 });
  });

  it('says how to start one when no scheduler runs', async () => {
    const url = `http://127.0.0.1:${await sparePort()}`;
    const { code, err } = await run(['job', 'ls', '--url', url]);
    expect([code, err]).toEqual([1, `natsjob: No scheduler is running at ${url}. Start one with "natsjob serve", or say where it is with --url.`]);
  });
});

describe('a table', () => {
  it('keeps its columns with Chinese in them, and lets no control code through', () => {
    expect(table(['A', 'B'], [['任务', 'x'], ['\u001b[31mred', 'y']])).toBe('A         B\n任务      x\n [31mred  y');
  });
});
