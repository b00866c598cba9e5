import type { UtilityProcess } from 'electron';
import type { Phase } from '../model/desktop-state.ts';
import { afterEnd, recentEnds } from '../model/restart-policy.ts';
import type { FromScheduler, SchedulerStart, ToScheduler } from '../scheduler/messages.ts';
import type { Timers } from './electron-parts.ts';

/** There is no one-time token: the scheduler is not running, or did not answer. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
}

export interface SchedulerHostOptions {
  readonly fork: () => UtilityProcess;
  readonly start: () => SchedulerStart;
  readonly timers: Timers;
  readonly onMessage: (message: FromScheduler) => void;
  readonly onPhase: (phase: Phase) => void;
  readonly log: (line: string) => void;
}

export interface SchedulerHost {
  /** Starts it, also after it was given up. */
  start(): void;
  /** Dropped while it does not run. */
  send(message: ToScheduler): void;
  /** Rejects with NoTokenError. */
  token(): Promise<string>;
  /** Resolves when the process is gone: by itself within the limit, else killed. It is not started again. */
  stop(limitMs: number): Promise<void>;
}

const TOKEN_MS = 5_000;
/** After a kill; a process that survives that is the system's. */
const KILLED_MS = 1_000;

/** Keeps the scheduler process running: starts it again with growing waits, and stops trying when it ends too often. */
export function schedulerHost({ fork, start, timers, onMessage, onPhase, log }: SchedulerHostOptions): SchedulerHost {
  let child: UtilityProcess | undefined;
  let ends: readonly number[] = [];
  let cancelRestart = (): void => {};
  let isStopping = false;
  /** It said itself that starting again is of no use, or who works in its place. */
  let isFutile = false;
  let lastRequest = 0;
  const requests = new Map<number, { resolve(token: string): void; reject(error: Error): void }>();
  const gone = new Set<() => void>();

  function run(): void {
    cancelRestart();
    isFutile = false;
    const started = fork();
    child = started;
    let lastWords = '';
    started.stderr?.on('data', (data: Buffer) => (lastWords = (lastWords + data.toString()).slice(-4_000)));
    started.on('message', (message: FromScheduler) => {
      if (child === started) take(message);
    });
    started.on('exit', (code) => {
      if (child === started) ended(code, lastWords);
    });
    started.postMessage({ type: 'start', start: start() } satisfies ToScheduler);
  }

  function take(message: FromScheduler): void {
    if (message.type === 'token') {
      const request = requests.get(message.request);
      requests.delete(message.request);
      if (message.token === undefined) request?.reject(new NoTokenError('The scheduler gives no token now.'));
      else request?.resolve(message.token);
      return;
    }
    if (message.type === 'locked' || message.type === 'cannot-start') isFutile = true;
    if (message.type === 'ready') onPhase('running');
    onMessage(message);
  }

  function ended(code: number, lastWords: string): void {
    child = undefined;
    for (const { reject } of requests.values()) reject(new NoTokenError('The scheduler ended.'));
    requests.clear();
    for (const tell of [...gone]) tell();
    if (isStopping || isFutile) return;
    const now = timers.now();
    const decision = afterEnd(ends, now);
    ends = [...recentEnds(ends, now), now];
    log(`The scheduler process ended with code ${code}${decision.kind === 'again' ? `; starting it again in ${decision.afterMs / 1_000} s` : '; given up'}${lastWords === '' ? '' : `\n${lastWords.trimEnd()}`}`);
    if (decision.kind === 'give-up') return onPhase('gave-up');
    onPhase('restarting');
    cancelRestart = timers.after(decision.afterMs, run);
  }

  return {
    start() {
      if (child || isStopping) return;
      ends = [];
      onPhase('starting');
      run();
    },
    send: (message) => child?.postMessage(message),
    token() {
      const asked = child;
      if (!asked || isStopping) return Promise.reject(new NoTokenError('The scheduler is not running.'));
      const request = ++lastRequest;
      return new Promise((resolve, reject) => {
        const cancel = timers.after(TOKEN_MS, () => {
          requests.delete(request);
          reject(new NoTokenError('The scheduler did not answer.'));
        });
        requests.set(request, {
          resolve: (token) => { cancel(); resolve(token); },
          reject: (error) => { cancel(); reject(error); },
        });
        asked.postMessage({ type: 'token', request } satisfies ToScheduler);
      });
    },
    stop(limitMs) {
      isStopping = true;
      cancelRestart();
      const ending = child;
      if (!ending) return Promise.resolve();
      return new Promise((resolve) => {
        let cancel = timers.after(limitMs, () => {
          log(`The scheduler did not end within ${limitMs / 1_000} s; killed`);
          ending.kill();
          cancel = timers.after(KILLED_MS, finish);
        });
        const finish = (): void => {
          cancel();
          gone.delete(finish);
          resolve();
        };
        gone.add(finish);
        ending.postMessage({ type: 'shutdown' } satisfies ToScheduler);
      });
    },
  };
}
