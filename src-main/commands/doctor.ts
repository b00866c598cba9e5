import { ConfigError, type LoadedConfig } from '../../src-core/system/index.ts';
import type { CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { padEnd, printable } from '../cli/table.ts';
import { runningHere } from '../doctor/check-folders.ts';
import { problem, type Finding } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { lookAtProgram } from '../doctor/look-at-program.ts';

/** Looks at everything a start needs, whether the scheduler runs or not. Exit code 1 when something is a problem, 78 when it is the settings. */
export async function doctor(context: CommandContext): Promise<number> {
  const { findings, code } = await findAll(context);
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

async function findAll(context: CommandContext): Promise<{ findings: readonly Finding[]; code: number }> {
  let loaded: LoadedConfig;
  try {
    loaded = context.load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { findings: error.problems.map((sentence) => problem('settings', sentence, 'correct it; natsjob config show --sources tells where values come from')), code: EXIT.config };
  }
  const program = await lookAtProgram(context.programDir, loaded.config.dataDir);
  const running = await runningHere(loaded.config, program.files?.nativeBinding);
  const findings = [...program.findings, ...(await examine({ loaded, running, files: program.files, environment: context.environment }))];
  return { findings, code: findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.runtime };
}
