import type { CancelTimer } from '../../ports/clock.ts';
import { LONG_TEXT } from '../../wire/index.ts';
import type { Dispatch } from '../../wire/index.ts';
import { RunExpiredError, WorkerStoppingError } from '../errors.ts';
import type { NotStoredError } from '../errors.ts';
import type { Receipt } from '../publisher.ts';
import { answerSubject, describeFailure, failText, isNonRetryable, nextText, outcomeOf, successText } from './answer.ts';
import type { Extras } from './answer.ts';
import { Context } from './context.ts';
import { HandedRun } from './handed-run.ts';
import type { Arrival } from './handed-run.ts';
import { NextStep } from './next-step.ts';
import { RunReports } from './reports.ts';
import { RunParts } from './shared-parts.ts';
import type { Lane, Waiting } from './slots.ts';
import type { TaskHome } from './task-home.ts';

/** With another worker, and not at once with this one, which is about to be gone. */
const HAND_BACK_DELAY_MS = 250;
const NS_PER_MS = 1_000_000;

/**
 * One run in this worker, from its message to the acknowledgement: waits for its turn, is worked on, is answered; and when
 * the answer is stored, JetStream is told that it is done.
 */
export class Task implements Waiting, Receipt {
  readonly lane: Lane;
  readonly home: TaskHome;
  readonly dispatch: Dispatch;
  readonly run: HandedRun;
  /** Which run and step this is, '' when others may be the same. */
  readonly key: string;
  readonly arrival: Arrival;
  /** Changes when the message is handed to this worker once more. */
  reply: string;
  monitorStatus = '';
  monitorPayload = '';
  #state: 'waiting' | 'running' | 'over' = 'waiting';
  /** Why the run is not to go on. */
  #ended: Error | undefined;
  #controller: AbortController | undefined;
  #cancelExpiry: CancelTimer | undefined;
  #reports: RunReports | undefined;
  #parts: RunParts | undefined;
  #wentWell = false;

  constructor(home: TaskHome, dispatch: Dispatch, arrival: Arrival, key: string) {
    this.home = home;
    this.lane = home.lane;
    this.dispatch = dispatch;
    this.arrival = arrival;
    this.reply = arrival.reply;
    this.key = key;
    this.run = new HandedRun(dispatch, arrival);
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isAnswered(): boolean {
    return this.dispatch.endKey !== '';
  }

  get signal(): AbortSignal {
    if (this.#controller !== undefined) return this.#controller.signal;
    this.#controller = new AbortController();
    if (this.#ended !== undefined) this.#controller.abort(this.#ended);
    else this.#watchExpiry();
    return this.#controller.signal;
  }

  get reports(): RunReports {
    return (this.#reports ??= new RunReports((text) => this.home.sendReport(this.dispatch.taskId, text), this.home.clock));
  }

  get parts(): RunParts {
    return (this.#parts ??= new RunParts(this.home.shared, this.run, this.signal, this.home.shortId));
  }

  begin(): void {
    if (this.#state === 'over') {
      this.lane.done--;
      this.home.slots.release(this.lane);
      return;
    }
    if (this.#ended !== undefined || this.#hasExpired()) {
      this.#over();
      this.lane.done--;
      this.home.slots.release(this.lane);
      this.acknowledge();
      return;
    }
    this.#state = 'running';
    try {
      const result = this.home.handler(this.run, new Context(this));
      if (isThenable(result)) {
        result.then((value) => this.#succeed(value), (error: unknown) => this.#fail(error));
      } else {
        this.#succeed(result);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Cancelled, out of time, or the worker stops: the handler is told by its signal. */
  end(reason: Error): void {
    if (this.#ended !== undefined || this.#state === 'over') return;
    this.#ended = reason;
    this.#controller?.abort(reason);
  }

  /** Not begun, or not done in time: somebody else is to do it. Where nobody else would, it fails. */
  handBack(): void {
    if (this.#state === 'over') return;
    this.#over();
    if (this.reply !== '') this.#nak();
    else this.#answer(failText('the worker stopped before the run was done', false, this.#extras()));
  }

  /** A run that nobody is to work on: answered as failed, and not to be tried again. */
  refuse(reason: string, noRetry: boolean): void {
    this.#over();
    this.#answer(failText(reason, noRetry, this.#extras()));
  }

  acknowledge(): void {
    if (this.#wentWell) this.#parts?.forgetCheckpoint(this.home.log);
    if (this.reply !== '') this.home.outbox.send(this.reply, '', '+ACK');
    this.home.finished(this);
  }

  stored(): void {
    this.home.answered(this);
    this.acknowledge();
  }

  refused(error: NotStoredError): void {
    this.#wentWell = false;
    this.home.log.warn({ taskId: this.dispatch.taskId, error: error.message }, 'an answer could not be stored');
    this.acknowledge();
  }

  #succeed(result: unknown): void {
    if (this.#state !== 'running') return;
    if (result instanceof NextStep) {
      this.#goOn(result);
      return;
    }
    if (!this.#settle()) return;
    this.#wentWell = true;
    if (result === undefined && this.monitorStatus === '') {
      this.#answer(this.home.plainSuccess);
      return;
    }
    const { reason, report } = outcomeOf(result);
    if (report !== undefined) this.reports.result(report);
    this.#answer(successText(reason, this.#extras()));
  }

  #goOn({ payload }: NextStep): void {
    if (!this.#settle()) return;
    this.#wentWell = true;
    if (this.isAnswered) {
      this.#answer(nextText(payload, this.#extras()));
      return;
    }
    this.home.sendNextStep(this.dispatch, payload, {
      stored: () => this.acknowledge(),
      refused: (error) => this.refused(error),
    });
  }

  #fail(error: unknown): void {
    if (this.#state !== 'running') return;
    if (this.reply !== '' && this.#ended instanceof WorkerStoppingError) {
      this.#finish();
      this.#nak();
      return;
    }
    if (!this.#settle()) return;
    this.home.failures++;
    if (this.isAnswered) this.#answer(failText(describeFailure(error), isNonRetryable(error), this.#extras()));
    else {
      this.home.log.warn({ taskId: this.dispatch.taskId, job: this.dispatch.job, error: describeFailure(error) }, 'a run failed that nobody waits for');
      this.acknowledge();
    }
  }

  /** The handler is done. False: nobody wants to know how, because the scheduler has ended the run. */
  #settle(): boolean {
    this.#finish();
    if (this.#ended === undefined || this.#ended instanceof WorkerStoppingError) return true;
    this.acknowledge();
    return false;
  }

  #finish(): void {
    this.#over();
    this.#parts?.releaseLocks();
    this.home.slots.release(this.lane);
  }

  #over(): void {
    if (this.#state === 'running') this.#reports?.close();
    this.#state = 'over';
    this.#cancelExpiry?.();
  }

  #answer(text: string): void {
    const { endBucket, endKey } = this.dispatch;
    if (endKey === '') {
      this.acknowledge();
      return;
    }
    const subject = answerSubject(endBucket, endKey);
    if (subject === undefined || !this.home.mayAnswer()) {
      this.home.log.warn({ taskId: this.dispatch.taskId, endKey: endKey.slice(0, 200) }, subject === undefined ? 'a run names a key that cannot be published to' : 'too many answers are not stored yet: one was dropped');
      this.acknowledge();
      return;
    }
    this.home.publisher.publish(subject, text, this);
  }

  #nak(): void {
    this.home.outbox.send(this.reply, '', `-NAK {"delay":${HAND_BACK_DELAY_MS * NS_PER_MS}}`);
    this.home.finished(this);
  }

  #extras(): Extras {
    const { monitorStatus, monitorPayload } = this;
    return { clientId: this.home.shortId, monitorStatus, monitorPayload: monitorPayload.slice(0, LONG_TEXT * 2) };
  }

  /** Looked at only for what has waited long: an answer too late changes nothing. */
  #hasExpired(): boolean {
    const waited = this.home.clock.monotonic() - this.arrival.monotonicAt;
    if (waited < 1_000 && this.arrival.deliveries < 2) return false;
    const left = this.run.timeLeftAtArrival();
    return left !== undefined && left <= waited;
  }

  #watchExpiry(): void {
    const time = this.run.timeLeftAtArrival();
    if (time === undefined || this.#state === 'over') return;
    // Counted by the clock that nobody sets.
    const left = time - (this.home.clock.monotonic() - this.arrival.monotonicAt);
    // Longer than timers can be: the worker is not likely to live as long.
    if (left > 2_147_483_000) return;
    this.#cancelExpiry = this.home.clock.after(Math.max(0, left), () => this.end(new RunExpiredError(this.dispatch.taskId)));
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
