import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CommandContext } from '../../src-main/cli/command.ts';
import { parseCommandLine } from '../../src-main/cli/parse-command-line.ts';
import { CommandError, UsageError } from '../../src-main/cli/command.ts';
import { loadSettings } from '../../src-main/cli/run-command-line.ts';
import { COMMANDS } from '../../src-main/commands/index.ts';
import { service, type ServiceVerb } from '../../src-main/commands/service.ts';
import type { Ran, ServiceHost } from '../../src-main/service/service-host.ts';

type Answer = Partial<Ran> | undefined;

export interface MachineOptions {
  readonly platform?: string;
  readonly uid?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** What a program answers; undefined: code 0 and nothing said. */
  readonly answer?: (line: string) => Answer;
  readonly program?: readonly string[];
  readonly helper?: string;
}

/** A machine that records what is run on it and keeps its files in a folder of its own. */
export interface ServiceMachine {
  readonly root: string;
  readonly calls: string[];
  /** Runs a natsjob command line on it. */
  natsjob(...argv: string[]): Promise<{ code: number; out: string; err: string }>;
  [Symbol.dispose](): void;
}

export function serviceMachine({ platform = 'linux', uid = 0, environment = {}, answer = () => undefined, program = ['/usr/local/bin/natsjob'], helper }: MachineOptions = {}): ServiceMachine {
  const root = mkdtempSync(path.join(tmpdir(), 'natsjob-service-'));
  const calls: string[] = [];
  const host: ServiceHost = {
    platform, uid: platform === 'win32' ? undefined : uid, home: uid === 0 ? '/root' : '/home/ada', temporaryDir: '/tmp', environment, root,
    async run(command, args) {
      const line = [command, ...args].join(' ').replaceAll(root, '');
      calls.push(line);
      return { code: 0, stdout: '', stderr: '', ...answer(line) };
    },
  };
  return {
    root, calls,
    async natsjob(...argv) {
      const out: string[] = [];
      const err: string[] = [];
      const parsed = parseCommandLine(argv, COMMANDS);
      const load = () => loadSettings({ env: environment, cwd: path.join(root, 'nowhere') }, parsed.settings);
      const context: CommandContext = {
        words: parsed.words, options: parsed.options, language: 'en', load, reload: load, cwd: root, environment, programDir: root,
        print: (line) => out.push(line.replaceAll(root, '')), say: (line) => err.push(line),
      };
      const code = await service(context, parsed.command.name.split(' ')[1] as ServiceVerb, { host, program, helper }).catch((error: unknown) => {
        if (!(error instanceof CommandError) && !(error instanceof UsageError)) throw error;
        err.push(error.message);
        return error instanceof CommandError ? error.exitCode : 2;
      });
      return { code, out: out.join('\n'), err: err.join('\n') };
    },
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
