import type { Subscription } from '@nats-io/transport-node';
import { describe } from '../../nats/errors.ts';
import { listen } from '../../nats/fast-reader.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { Log } from '../../ports/log.ts';
import { begunKey, deadRunSubject, decodeDispatch, FLOW_SUBJECT, isRunId, startSubject } from '../../wire/index.ts';
import type { Dispatch } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';
import { keepDeadLetter } from '../dead-letters.ts';
import { isSuspect, Suspects } from '../common/suspects.ts';
import type { Turn } from '../common/suspects.ts';
import { RunCancelledError, RunExpiredError, RunHandedOnError } from '../errors.ts';
import type { Receipt } from '../publisher.ts';
import { deliveriesOf, storedAtOf } from '../common/ack-reply.ts';
import { shortId, successText } from './answer.ts';
import { ageAtArrival } from './handed-run.ts';
import type { Arrival } from './handed-run.ts';
import { endOf, payloadOfFirstStep } from './results.ts';
import { Recent } from '../common/recent.ts';
import { SharedParts } from './shared-parts.ts';
import type { Slots } from './slots.ts';
import { Task } from './task.ts';
import type { HeldTask, TaskHome } from './task-home.ts';

export interface Identity {
  readonly namespace: string;
  readonly app: string;
  readonly id: string;
  /** '' for none. */
  readonly group: string;
}

/** A handler, as far as the desk looks at it. */
export interface DeskHandling extends TaskHome {
  readonly job: string;
  readonly options: { readonly maxDeliveries: number };
  /** The NATS server's clock, epoch ms; NaN when it is not known. */
  serverNow(): number;
  readonly isLeaving: boolean;
  /** Fetched, and looked up before they may begin. */
  lookedUp: number;
  /** Over before they came: passed without being begun. */
  passed: number;
  /** When its consumer was made, by the server's clock. */
  readonly createdAt: number;
  /** JetStream is to be told that it is worked on. */
  hold(task: HeldTask): void;
}

export interface DeskOptions {
  readonly connection: WorkerConnection;
  readonly log: Log;
  readonly identity: Identity;
  readonly slots: Slots;
  /** Whether all handlers can be given runs has changed, perhaps. */
  onReadiness(): void;
  /** False: nothing more is to be fetched. */
  takesMore(): boolean;
}

/** Answers that are not stored: more are dropped, and long before that nothing is fetched. */
const MAX_UNANSWERED = 20_000;
const UNANSWERED_ENOUGH = 10_000;
/** Runs of core NATS, which comes unasked, that wait for their turn. */
const MAX_WAITING = 10_000;
const MAX_FLOWS = 10_000;
/** A message that old may be of a run that has ended meanwhile. */
const STALE_MS = 5_000;
const REMEMBERED = 10_000;
const COMPLAIN_MS = 60_000;
/** The scheduler's reason for stopping a run whose time is up. */
const EXPIRED = 'expired';

/** Where messages become tasks: each once, whatever comes twice. */
export class Desk {
  readonly connection: WorkerConnection;
  readonly log: Log;
  readonly identity: Identity;
  readonly slots: Slots;
  readonly shared: SharedParts;
  readonly shortId: string;
  readonly plainSuccess: string;
  readonly onReadiness: () => void;
  /** Messages that were no dispatch, and runs that found no place to wait. */
  bad = 0;
  turnedAway = 0;
  readonly #options: DeskOptions;
  readonly #tasks = new Map<string | HeldTask, Task>();
  readonly #done = new Recent(REMEMBERED);
  readonly #suspects: Suspects;
  /** Of the one run that may kill this process. */
  readonly #turns = new Map<HeldTask, Turn>();
  #cancels: Subscription | undefined;
  #idle: (() => void)[] = [];
  #flows = 0;
  #flowNumber = 0;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.connection = options.connection;
    this.log = options.log;
    this.identity = options.identity;
    this.slots = options.slots;
    this.onReadiness = options.onReadiness;
    this.shortId = shortId(options.identity.id);
    this.shared = new SharedParts(options.connection, `worker ${options.identity.id}`);
    this.#suspects = new Suspects(() => this.shared.bucket, options.log);
    this.plainSuccess = successText('', { clientId: this.shortId });
  }

  /** Listens to what is cancelled. */
  open(): void {
    this.close();
    const { namespace, app } = this.identity;
    this.#cancels = listen(this.connection.client, `natsjob.job.cancel.${namespace}.${app}.*.*`, (message) => this.#cancel(message));
  }

  close(): void {
    if (this.#cancels !== undefined && !this.#cancels.isClosed()) this.#cancels.unsubscribe();
    this.#cancels = undefined;
  }

  tasks(): Iterable<Task> {
    return this.#tasks.values();
  }

  /** Resolves when there is no task left: all are answered, and their messages acknowledged. */
  idle(): Promise<void> {
    if (this.#tasks.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  takesMore(): boolean {
    return this.#options.takesMore() && this.connection.publisher.size < UNANSWERED_ENOUGH;
  }

  mayAnswer(): boolean {
    return this.connection.publisher.size < MAX_UNANSWERED;
  }

  /** `reply`: where JetStream waits for the acknowledgement; '' for core NATS, whose messages carry somebody else's. */
  accept(handling: DeskHandling, message: Incoming, reply: string): void {
    const dispatch = decodeDispatch(message.text);
    if (dispatch === undefined) {
      this.#bad(message, reply);
      return;
    }
    const step = dispatch.category === 'map' && message.subject.includes('.job.start.') ? 2 : 1;
    const key = keyOf(dispatch, step);
    if (key !== '') {
      const known = this.#tasks.get(key);
      if (known !== undefined) {
        // Handed out again while it is held here: from now on that is the message to acknowledge.
        if (reply !== '') known.reply = reply;
        return;
      }
      if (this.#done.has(key)) {
        if (reply !== '') this.connection.outbox.send(reply, '', '+ACK');
        return;
      }
    }
    const deliveries = reply === '' ? 1 : Math.max(1, deliveriesOf(reply));
    const { clock } = this.connection;
    const arrival: Arrival = { head: message.head, reply, deliveries, storedAt: reply === '' ? Number.NaN : storedAtOf(reply), step, at: clock.now(), monotonicAt: clock.monotonic(), serverAt: handling.serverNow() };
    const task = new Task(handling, dispatch, arrival, key);
    if (reply !== '' && isPast(task, handling)) {
      handling.passed++;
      this.connection.outbox.send(reply, '', '+ACK');
      return;
    }
    this.#tasks.set(registryKey(task), task);
    if (reply !== '') handling.hold(task);
    if (this.#isToBeLookedUp(task, handling) || isSuspect(deliveries, handling.options.maxDeliveries)) {
      handling.lookedUp++;
      void this.#prepare(task, handling, message);
      return;
    }
    if (reply === '' && task.lane.waiting >= MAX_WAITING) {
      this.turnedAway++;
      task.refuse('this worker has too many runs waiting', false);
      return;
    }
    this.slots.take(task);
  }

  /** This process stood still for longer than JetStream waits: what it holds may have been done by others. */
  wasAway(held: Iterable<HeldTask>): void {
    for (const task of held) if (task instanceof Task && task.isAnswered) void this.#lookAgain(task);
  }

  answered(task: HeldTask): void {
    if (task.key !== '') this.#done.add(task.key);
  }

  forget(task: HeldTask): void {
    this.#tasks.delete(registryKey(task));
    this.#turns.get(task)?.end();
    this.#turns.delete(task);
    if (this.#tasks.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  sendFlow(text: string): void {
    if (this.#flows >= MAX_FLOWS) {
      this.#complain({}, 'too many flow reports are not stored yet: one was dropped');
      return;
    }
    this.#flows++;
    const over = (): void => void this.#flows--;
    // Sent again after a break of the connection, it must not be shown twice.
    this.connection.publisher.publish(FLOW_SUBJECT, text, { stored: over, refused: over }, { id: `flow:${this.#unique()}`, giveUpAfterMs: COMPLAIN_MS });
  }

  sendNextStep(first: Dispatch, payload: string, receipt: Receipt): void {
    const { namespace, app } = this.identity;
    const text = JSON.stringify({
      taskId: first.taskId, namespace: first.namespace, appName: first.app, jobName: first.job, jobCategory: first.category, jobModel: first.model,
      condition: first.condition, jobArgs: first.args, jobCreatedAt: first.createdAt, jobExpireTime: '', jobEndKvKey: '', jobEndResultKvBucket: '',
      jobRunningCount: first.runningCount, nextPayload: payload,
    });
    if (first.model === 'lite') {
      this.connection.outbox.send(startSubject(namespace, app, first.job, true), '', text);
      receipt.stored(0, false);
      return;
    }
    this.connection.publisher.publish(startSubject(namespace, app, first.job), text, receipt, { id: `next:${this.#unique()}`, giveUpAfterMs: COMPLAIN_MS });
  }

  #isToBeLookedUp(task: Task, handling: DeskHandling): boolean {
    if (!task.isAnswered) return false;
    const { run } = task;
    return mayHaveEnded(task, handling) || (run.step === 2 && run.nextPayload === '');
  }

  /** What has to be known of it before it may begin. */
  async #prepare(task: Task, handling: DeskHandling, message: Incoming): Promise<void> {
    const isKnown = (): boolean => this.#tasks.get(registryKey(task)) === task;
    if (!(await this.#lookUp(task, handling)) && isKnown()) {
      handling.lookedUp--;
      if (task.reply === '') task.refuse('what its first step handed on could not be looked up', false);
      else task.handBack();
      return;
    }
    const { deliveries } = task.arrival;
    const { maxDeliveries } = handling.options;
    if (isKnown() && isSuspect(deliveries, maxDeliveries)) {
      const { namespace, app } = this.identity;
      const key = begunKey('run', namespace, app, handling.job, task.dispatch.taskId, String(task.run.step));
      const turn = await this.#suspects.begin({ key, deliveries, maxDeliveries, isWanted: () => isKnown() && !handling.isLeaving });
      if (turn.verdict === 'deadly') {
        turn.end();
        handling.lookedUp--;
        await this.#bury(task, handling, message);
        return;
      }
      if (isKnown()) this.#turns.set(task, turn);
      else turn.end();
    }
    handling.lookedUp--;
    if (!isKnown()) return;
    if (handling.isLeaving && task.reply !== '') task.handBack();
    else this.slots.take(task);
  }

  /** Has the run ended meanwhile, and what did its first step hand on? False: that is not known, without which it cannot be done. */
  async #lookUp(task: Task, handling: DeskHandling): Promise<boolean> {
    if (!this.#isToBeLookedUp(task, handling)) return true;
    const lacksPayload = task.run.step === 2 && task.run.nextPayload === '';
    try {
      const { endBucket, endKey } = task.dispatch;
      if (mayHaveEnded(task, handling) && (await endOf(this.connection, endBucket, endKey)) !== undefined) {
        handling.passed++;
        task.acknowledge();
      } else if (lacksPayload) task.run.nextPayload = await payloadOfFirstStep(this.connection, task.dispatch);
      return true;
    } catch (error) {
      this.log.debug({ taskId: task.dispatch.taskId, error: describe(error) }, 'the results of a run could not be looked up');
      return !lacksPayload;
    }
  }

  async #lookAgain(task: Task): Promise<void> {
    const { endBucket, endKey, taskId } = task.dispatch;
    // Where NATS is away, the message that comes again is looked up.
    if ((await endOf(this.connection, endBucket, endKey).catch(() => undefined)) !== undefined) task.end(new RunHandedOnError(taskId));
  }

  async #bury(task: Task, handling: DeskHandling, message: Incoming): Promise<void> {
    const { taskId } = task.dispatch;
    const { job } = handling;
    const deliveries = task.arrival.deliveries - 1;
    const error = `dead letter: delivered ${deliveries} times`;
    const { namespace, app } = this.identity;
    this.log.warn({ taskId, job, deliveries }, 'a run was handed out too often: it is given up');
    const { subject, text } = message;
    try {
      const of = isRunId(taskId) ? taskId : 'unknown';
      await keepDeadLetter(this.connection, deadRunSubject(namespace, app, job, of), { at: this.connection.clock.now(), subject, key: taskId, error, deliveries, payload: text }, `dead:${of}:${task.run.step}`);
    } catch (problem) {
      this.log.warn({ taskId, error: describe(problem) }, 'a dead letter could not be kept');
    }
    task.refuse(error, true);
  }

  #cancel(message: Incoming): void {
    const taskId = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    if (!isRunId(taskId)) return;
    const reason = reasonOf(message.text);
    const why = reason === EXPIRED ? new RunExpiredError(taskId) : new RunCancelledError(taskId, reason);
    for (const key of [taskId, `${taskId}:2`]) this.#tasks.get(key)?.end(why);
  }

  #bad(message: Incoming, reply: string): void {
    this.bad++;
    if (reply !== '') this.connection.outbox.send(reply, '', '+TERM');
    this.#complain({ subject: message.subject.slice(0, 200) }, 'a message that is no run was dropped');
  }

  #complain(fields: object, text: string): void {
    const now = this.connection.clock.monotonic();
    if (now - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = now;
    this.log.warn({ ...fields, bad: this.bad, turnedAway: this.turnedAway }, text);
  }

  #unique(): string {
    return `${this.shortId}:${this.connection.clock.now()}:${++this.#flowNumber}`;
  }
}

function mayHaveEnded({ arrival }: Task, { createdAt }: DeskHandling): boolean {
  return arrival.deliveries > 1 || arrival.storedAt < createdAt || ageAtArrival(arrival) > STALE_MS;
}

/** Its time is up; or it was sent before there was a consumer, and leaves no trace by which to know whether it was done. */
function isPast(task: Task, handling: DeskHandling): boolean {
  if (!task.isAnswered) return task.arrival.storedAt < handling.createdAt;
  return mayHaveEnded(task, handling) && (task.run.timeLeftAtArrival() ?? 1) <= 0;
}

/** '' when others may have the same: pieces of work that workers hand to one another. */
function keyOf({ taskId, nextPayload }: Dispatch, step: 1 | 2): string {
  if (nextPayload !== '') return '';
  return step === 2 ? `${taskId}:2` : taskId;
}

/** Every task has a place in the registry; those without a key one of their own. */
function registryKey(task: HeldTask): string | HeldTask {
  return task.key === '' ? task : task.key;
}

function reasonOf(text: string): string {
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    return typeof reason === 'string' ? reason.slice(0, 1_024) : '';
  } catch {
    return '';
  }
}
