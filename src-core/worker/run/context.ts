import { cutCharacters, encodeFlow, isRunId, LONG_TEXT, MAX_RESULT_LENGTH, SHORT_TEXT } from '../../wire/index.ts';
import { BadOptionError } from '../errors.ts';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Locks } from '../locks/locks.ts';
import type { Statuses } from '../status/statuses.ts';
import { NextStep } from './next-step.ts';
import { checkProgress } from './reports.ts';
import type { RunReports } from './reports.ts';
import type { RunParts } from './shared-parts.ts';
import type { Run, RunContext, RunLog, SceneReport } from './types.ts';

/** What a context needs of its run in this worker. */
export interface ContextTask {
  readonly run: Run;
  readonly isRunning: boolean;
  /** Somebody waits for an answer. */
  readonly isAnswered: boolean;
  readonly signal: AbortSignal;
  readonly reports: RunReports;
  readonly home: { readonly shortId: string; sendFlow(text: string): void };
  readonly parts: RunParts;
  monitorStatus: string;
  monitorPayload: string;
}

/** Each part is made when a handler takes it: most take one or two. */
export class Context implements RunContext {
  readonly #task: ContextTask;
  #log: RunLog | undefined;

  constructor(task: ContextTask) {
    this.#task = task;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get log(): RunLog {
    return (this.#log ??= runLog(this.#task));
  }

  get progress(): (value: unknown) => void {
    return (value) => {
      checkProgress(value);
      if (this.#task.isRunning) this.#task.reports.progress(value);
    };
  }

  get lock(): Locks {
    return this.#task.parts;
  }

  get checkpoint(): Checkpoint {
    return this.#task.parts.checkpoint;
  }

  get status(): Statuses {
    return this.#task.parts.statuses;
  }

  get next(): (payload?: unknown) => NextStep {
    return (payload) => {
      const { category, step } = this.#task.run;
      if (category !== 'map' || step !== 1) throw new BadOptionError('next', 'for the first step of a map run');
      const next = new NextStep(payload);
      const most = this.#task.isAnswered ? LONG_TEXT : MAX_RESULT_LENGTH;
      if (next.payload.length > most) throw new BadOptionError('the payload of next', `JSON of at most ${most} characters`);
      return next;
    };
  }

  get report(): (scene: SceneReport) => void {
    return (scene) => sendScene(this.#task, scene);
  }

  get monitor(): (status: string, payload?: string) => void {
    return (status, payload = '') => {
      if (typeof status !== 'string' || status === '') throw new BadOptionError('the status of monitor', 'text that is not empty', status);
      this.#task.monitorStatus = cutCharacters(status, SHORT_TEXT);
      this.#task.monitorPayload = cutCharacters(String(payload), LONG_TEXT);
    };
  }
}

function runLog(task: ContextTask): RunLog {
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (text: string): void => {
    if (task.isRunning) task.reports.line(level, text);
  };
  return Object.assign(line('info'), { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') });
}

function sendScene(task: ContextTask, scene: SceneReport): void {
  const { sceneId, sceneName = '', status = '', reason = '', monitorStatus = '', monitorPayload = '' } = scene;
  if (typeof sceneId !== 'string' || sceneId === '') throw new BadOptionError('sceneId', 'text that is not empty', sceneId);
  const { taskId, namespace, app, job } = task.run;
  if (!isRunId(taskId)) return;
  task.home.sendFlow(encodeFlow({
    taskId, namespace, appName: app, jobName: job, clientId: task.home.shortId,
    sceneId: cutCharacters(sceneId, SHORT_TEXT), sceneName: cutCharacters(sceneName, SHORT_TEXT), status: cutCharacters(status, SHORT_TEXT), reason: cutCharacters(reason, LONG_TEXT),
    monitorStatus: cutCharacters(monitorStatus, SHORT_TEXT), monitorPayload: cutCharacters(monitorPayload, LONG_TEXT),
    startAt: stampOf(scene.startAt), endAt: stampOf(scene.endAt),
  }));
}

/** Epoch milliseconds as text: no zone to be agreed on. */
function stampOf(time: Date | number | undefined): string {
  return time === undefined ? '' : String(Math.floor(Number(time)));
}
