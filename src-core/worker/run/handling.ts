import type { Subscription } from '@nats-io/transport-node';
import { listen } from '../../nats/fast-reader.ts';
import type { Incoming } from '../../nats/incoming.ts';
import { takeRest } from '../../nats/round-trip.ts';
import { clientStartSubject, groupStartSubject, isRunId, preStartSubject, reportSubject, startSubject } from '../../wire/index.ts';
import type { Dispatch } from '../../wire/index.ts';
import type { Receipt } from '../publisher.ts';
import type { Desk, DeskHandling } from './desk.ts';
import { PullSource } from './pull-source.ts';
import { Lane } from './slots.ts';
import type { Slots } from './slots.ts';
import { prefetchOf } from './prefetch.ts';
import type { Task } from './task.ts';
import type { HeldTask } from './task-home.ts';
import type { Handler, HandlerOptions } from './types.ts';

export type CheckedHandlerOptions = Required<HandlerOptions>;

/** One handler: where its runs come from, how many at once, and what they need of the worker. */
export class Handling implements DeskHandling {
  readonly job: string;
  readonly options: CheckedHandlerOptions;
  readonly lane: Lane;
  handler: Handler;
  failures = 0;
  /** Fetched, and looked up before they may begin. */
  lookedUp = 0;
  /** Over before they came: passed without being begun. */
  passed = 0;
  readonly #desk: Desk;
  readonly #source: PullSource | undefined;
  readonly #held = new Set<HeldTask>();
  readonly #reportEnd: string;
  readonly #prefetch = prefetchOf();
  #subscriptions: Subscription[] = [];
  #cancelBeat: (() => void) | undefined;
  isReady: boolean;

  constructor(desk: Desk, job: string, handler: Handler, options: CheckedHandlerOptions) {
    this.#desk = desk;
    this.job = job;
    this.handler = handler;
    this.options = options;
    this.lane = new Lane(options.concurrency);
    const { namespace, app } = desk.identity;
    this.#reportEnd = reportSubject(namespace, app, job, '');
    this.isReady = options.delivery === 'core';
    if (options.delivery === 'core') return;
    this.#source = new PullSource({
      connection: desk.connection, log: desk.log, ackWaitMs: options.ackWaitMs,
      // Names may hold dashes: what stands between them may not.
      name: `w=${namespace}=${app}=${job}`,
      subjects: [startSubject(namespace, app, job), preStartSubject(namespace, app, job)],
      onMessage: (message) => this.#fetched(message),
      room: () => this.#room(),
      onReady: (isReady) => {
        this.isReady = isReady;
        desk.onReadiness();
      },
    });
  }

  /** Takes nothing from the stream any more. */
  get isLeaving(): boolean {
    return this.#source?.isLeaving === true;
  }

  get connection(): Desk['connection'] {
    return this.#desk.connection;
  }
  get outbox(): Desk['connection']['outbox'] {
    return this.#desk.connection.outbox;
  }
  get publisher(): Desk['connection']['publisher'] {
    return this.#desk.connection.publisher;
  }
  get clock(): Desk['connection']['clock'] {
    return this.#desk.connection.clock;
  }
  get log(): Desk['log'] {
    return this.#desk.log;
  }
  get shared(): Desk['shared'] {
    return this.#desk.shared;
  }
  get slots(): Slots {
    return this.#desk.slots;
  }
  get shortId(): string {
    return this.#desk.shortId;
  }
  get plainSuccess(): string {
    return this.#desk.plainSuccess;
  }
  serverNow(): number {
    return this.#source?.serverNow() ?? Number.NaN;
  }

  get createdAt(): number {
    return this.#source?.createdAt ?? Number.NEGATIVE_INFINITY;
  }

  /** On the present connection; resolves when messages can come, or, for the stream, when the first try has failed. */
  async open(): Promise<void> {
    this.#subscribe();
    if (this.#source === undefined) return;
    this.#cancelBeat ??= this.#keepHeld();
    await this.#source.open();
  }

  disconnected(): void {
    for (const each of this.#subscriptions) if (!each.isClosed()) each.unsubscribe();
    this.#subscriptions = [];
    this.#source?.disconnected();
  }

  /** Takes nothing more. What comes still, or has not begun, goes back. */
  async leave(): Promise<void> {
    await Promise.all([...this.#subscriptions.splice(0).map(takeRest), this.#source?.leave()]);
    for (const task of this.lane.remove((waiting) => (waiting as Task).reply !== '')) (task as Task).handBack();
  }

  /** Nothing is kept for the server any more. */
  close(): void {
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
  }

  /** There may be room for more. */
  more(): void {
    this.#source?.more();
  }

  mayAnswer(): boolean {
    return this.#desk.mayAnswer();
  }

  sendReport(taskId: string, text: string): void {
    if (isRunId(taskId)) this.outbox.send(this.#reportEnd + taskId, '', text);
  }

  sendFlow(text: string): void {
    this.#desk.sendFlow(text);
  }

  sendNextStep(first: Dispatch, payload: string, receipt: Receipt): void {
    this.#desk.sendNextStep(first, payload, receipt);
  }

  answered(task: HeldTask): void {
    this.#desk.answered(task);
  }

  finished(task: HeldTask): void {
    if (task.reply !== '') this.#held.delete(task);
    this.#desk.forget(task);
    this.more();
  }

  hold(task: HeldTask): void {
    this.#held.add(task);
  }

  #fetched(message: Incoming): void {
    this.#desk.accept(this, message, message.reply);
    if (this.isLeaving) for (const task of this.lane.remove((waiting) => (waiting as Task).reply !== '')) (task as Task).handBack();
  }

  #room(): number {
    if (!this.#desk.takesMore()) return 0;
    const { lane, slots } = this;
    const prefetch = this.#prefetch(lane.done + this.passed, this.clock.monotonic());
    const held = lane.running + lane.waiting + this.lookedUp;
    const own = Math.min(lane.limit, slots.limit) + prefetch - held;
    if (slots.lanes === 1) return own;
    // Each asks for its part of what is free, and one that holds nothing for one run, so that none is kept out by the others.
    const share = Math.ceil((slots.limit - slots.running - slots.waiting) / slots.lanes) + prefetch;
    return Math.min(own, Math.max(share, held === 0 ? 1 : 0));
  }

  /** Says of what is held that it is still worked on. */
  #keepHeld(): () => void {
    const ackWaitMs = (): number => this.#source?.ackWaitMs ?? this.options.ackWaitMs;
    let saidAt = this.clock.monotonic();
    let cancel = (): void => {};
    const again = (): void => {
      cancel = this.clock.after(ackWaitMs() / 3, () => {
        for (const task of this.#held) this.outbox.send(task.reply, '', '+WPI');
        const now = this.clock.monotonic();
        if (now - saidAt > ackWaitMs()) this.#desk.wasAway(this.#held);
        saidAt = now;
        again();
      });
    };
    again();
    return () => cancel();
  }

  #subscribe(): void {
    for (const each of this.#subscriptions) if (!each.isClosed()) each.unsubscribe();
    const { namespace, app, id, group } = this.#desk.identity;
    const { client } = this.connection;
    const onMessage = (message: Incoming): void => this.#desk.accept(this, message, '');
    const queue = this.options.broadcast ? undefined : app;
    const shared = [startSubject(namespace, app, this.job, true), preStartSubject(namespace, app, this.job, true)];
    if (this.#source === undefined) shared.push(startSubject(namespace, app, this.job), preStartSubject(namespace, app, this.job));
    this.#subscriptions = shared.map((subject) => listen(client, subject, onMessage, queue));
    this.#subscriptions.push(listen(client, clientStartSubject(namespace, app, this.job, id), onMessage));
    if (group !== '') this.#subscriptions.push(listen(client, groupStartSubject(namespace, app, this.job, group), onMessage, app));
  }
}

