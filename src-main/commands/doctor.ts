import { ConfigError, type LoadedConfig } from '../../src-core/system/index.ts';
import type { CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { padEnd, printable } from '../cli/table.ts';
import { checkDatabase, checkFolders, checkPermissions, runningHere } from '../doctor/check-folders.ts';
import { checkClock, checkPassword, checkPort } from '../doctor/check-machine.ts';
import { checkNats } from '../doctor/check-nats.ts';
import { fine, problem, type Finding } from '../doctor/check.ts';

/** Looks at everything a start needs, whether the scheduler runs or not. Exit code 1 when something is a problem, 78 when it is the settings. */
export async function doctor(context: CommandContext): Promise<number> {
  const { findings, code } = await examine(context);
  if (context.options.has('json')) {
    context.print(JSON.stringify({ ok: code === EXIT.ok, findings }, null, 2));
    return code;
  }
  const width = Math.max(...findings.map(({ name }) => name.length)) + 2;
  for (const { name, ok, detail, todo } of findings) {
    context.print(`${ok ? 'ok       ' : 'problem  '}${padEnd(name, width)}${printable(detail)}`);
    if (todo !== '') context.print(`${' '.repeat(9 + width)}→ ${printable(todo)}`);
  }
  return code;
}

async function examine(context: CommandContext): Promise<{ findings: Finding[]; code: number }> {
  let loaded: LoadedConfig;
  try {
    loaded = context.load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { findings: error.problems.map((sentence) => problem('settings', sentence, 'correct it; natsjob config show --sources tells where values come from')), code: EXIT.config };
  }
  const { config, notes, file } = loaded;
  const running = await runningHere(config);
  const findings = [
    fine('settings', file.found ? file.path : `no ${file.path}, defaults are used`),
    ...notes.map((note) => fine('settings', note)),
    fine('running', running ? `natsjob runs here with process id ${running.pid ?? 'unknown'} at ${running.url ?? 'an address it has not told yet'}` : 'no natsjob runs in this data folder'),
    ...checkFolders(config),
    checkPermissions(config),
    await checkPort(config, running),
    checkPassword(config),
    ...(await checkNats(config, context.programDir, context.environment)),
    await checkDatabase(config),
    await checkClock(config),
  ];
  return { findings, code: findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.runtime };
}
