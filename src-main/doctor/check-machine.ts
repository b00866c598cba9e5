import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readLogin, systemClock, type Config, type LoadedConfig, type LockHolder } from '../../src-core/system/index.ts';
import { passwordGivenBy } from '../password-source.ts';
import { reachableUrl } from '../client/scheduler-url.ts';
import { fine, problem, type Finding } from './check.ts';

/** A program that hangs, not one whose machine stood still for some seconds. */
const ANSWER_MS = 10_000;
/** A wall clock that runs otherwise than the machine's own by more than this is being moved. */
const MOST_DRIFT_MS = 100;
const WATCH_CLOCK_MS = 200;
/** No clock that is right says anything before this program was written. */
const EARLIEST = Date.UTC(2025, 0, 1);
const MOST_AHEAD_MS = 60_000;

/** Whether the HTTP port is free, or ours. */
export async function checkPort(config: Config, running: LockHolder | undefined): Promise<Finding> {
  const { httpHost, httpPort } = config;
  const url = running?.url ?? reachableUrl(httpHost, httpPort);
  if (running) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(async (response) => ({ status: response.status, text: await response.text() }), () => undefined);
    if (!answer) return problem('HTTP', `the running natsjob does not answer at ${url}`, 'look at its log; if it hangs, stop it');
    return answer.status === 200 ? fine('HTTP', `the running natsjob answers at ${url} and is ready`) : problem('HTTP', `the running natsjob at ${url} is not ready: ${readiness(answer.text)}`, 'see what is named here, and its log');
  }
  const server = createServer();
  try {
    server.listen({ host: httpHost, port: httpPort });
    await once(server, 'listening');
    return fine('HTTP', httpPort === 0 ? 'any free port will be taken' : `port ${httpPort} on ${httpHost} is free`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') return problem('HTTP', `port ${httpPort} on ${httpHost} is taken by another program`, 'stop it, or choose another port with --http-port');
    return problem('HTTP', `cannot listen on ${httpHost}, port ${httpPort} (${code})`, code === 'EACCES' ? 'ports below 1024 need rights; choose another with --http-port' : 'choose an address of this machine with --http-host');
  } finally {
    server.close();
  }
}

/** A password that everybody knows, on an address that everybody reaches. */
export function checkPassword(loaded: LoadedConfig): Finding {
  const { isDefaultPassword, httpHost, dataDir } = loaded.config;
  if (!isDefaultPassword) return fine('password', 'set by you');
  try {
    if (passwordGivenBy(loaded) === undefined && readLogin(path.join(dataDir, 'login.json')).password !== undefined) return fine('password', 'set by you, while it ran');
  } catch (error) {
    return problem('password', error instanceof Error ? error.message : String(error), 'see what is said');
  }
  const isOpen = !(httpHost === 'localhost' || httpHost === '::1' || httpHost.startsWith('127.'));
  if (isOpen) return problem('password', `the default one, and ${httpHost} is open to others: they are refused`, 'log in from this machine and change it, or set NATSJOB_LOGIN_PWD or NATSJOB_LOGIN_PWD_FILE');
  return fine('password', 'the default one: works from this machine only');
}

/** Schedules need a clock that is right and does not jump. */
export async function checkClock(config: Config): Promise<Finding> {
  const clock = systemClock();
  const before = clock.now() - clock.monotonic();
  await pause(WATCH_CLOCK_MS);
  const drift = Math.abs(clock.now() - clock.monotonic() - before);
  const now = clock.now();
  const text = `${new Date(now).toISOString()}, zone of schedules ${config.timezone}`;
  if (now < EARLIEST) return problem('clock', `${text}: far in the past`, 'set the clock, and keep it with NTP');
  if (drift > MOST_DRIFT_MS) return problem('clock', `${text}: moved by ${Math.round(drift)} ms within ${WATCH_CLOCK_MS} ms`, 'see what sets the clock; NTP should slew it, not step it');
  const files = config.database.kind === 'sqlite' ? [config.database.file, `${config.database.file}-wal`] : [];
  const newest = Math.max(0, ...files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0));
  if (newest - now > MOST_AHEAD_MS) return problem('clock', `${text}: the database was written at ${new Date(newest).toISOString()}, which is later`, 'the clock was set back; nothing fires twice, but nothing fires until then');
  return fine('clock', text);
}

function readiness(text: string): string {
  try {
    const { problems } = JSON.parse(text) as { problems?: readonly string[] };
    return problems?.join(' ') || 'it says no more';
  } catch {
    return text.slice(0, 200);
  }
}
