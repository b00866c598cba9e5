import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromScheduler, ToScheduler } from '../../src-main/desktop/scheduler/messages.ts';

const PORT = fileURLToPath(new URL('electron/parent-port.mjs', import.meta.url));

/** The desktop console's scheduler process on this Node, with nothing in its environment and `home` as its home. `await using` ends it. */
export async function startScheduler(module: string, { home, programDir }: { readonly home: string; readonly programDir: string }) {
  const child = fork(PORT, [module], { cwd: home, env: { HOME: home }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'advanced', execArgv: [] });
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const told = <T extends FromScheduler['type']>(type: T): Promise<Extract<FromScheduler, { type: T }>> => new Promise((resolve, reject) => {
    child.on('message', (message: FromScheduler) => {
      if (message.type === type) resolve(message as Extract<FromScheduler, { type: T }>);
      else if (['refused', 'locked', 'cannot-start'].includes(message.type)) reject(new Error(`the scheduler says ${JSON.stringify(message)}\n${said}`));
    });
    void exit.then((code) => reject(new Error(`the scheduler ended with ${code}\n${said}`)));
  });
  const ask = (message: ToScheduler): void => void child.send(message);
  const ready = told('ready');
  ask({ type: 'start', start: { dataDir: path.join(home, 'data'), confDir: path.join(home, 'conf'), logDir: path.join(home, 'logs'), programDir, shareOnNetwork: false } });
  const { url } = await ready;
  return {
    url,
    async token(): Promise<string | undefined> {
      const answer = told('token');
      ask({ type: 'token', request: 1 });
      return (await answer).token;
    },
    /** Its exit code. */
    shutdown(): Promise<number | null> {
      ask({ type: 'shutdown' });
      return exit;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exit;
    },
  };
}
