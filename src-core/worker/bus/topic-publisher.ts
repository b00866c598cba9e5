import { createInbox } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { readyHeaders } from '../../nats/client-internals.ts';
import { listen } from '../../nats/fast-reader.ts';
import type { Incoming } from '../../nats/incoming.ts';
import { LAST_LOOK_MS } from '../../nats/last-look.ts';
import { PublishBatch } from '../../nats/publish-batch.ts';
import { readAck, storedSequence } from '../../nats/publish-ack.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import { NotStoredError, UnconfirmedError } from '../errors.ts';

/** A message for a topic's stream. */
export interface Outgoing {
  readonly subject: string;
  /** Header block as it goes on the wire, '' for none. */
  readonly head: string;
  readonly body: string | Uint8Array;
  /** Sent again until it is answered: the stream must know it by its id. If not, it is given up when its connection breaks. */
  readonly isRepeated: boolean;
  /** Of a lane one goes out when the one before it is confirmed: a stream that changes its leader may lose one and take in the next. */
  readonly lane?: string | undefined;
}

interface Entry extends Outgoing {
  readonly bytes: number;
  readonly stored: (sequence: number) => void;
  readonly refused: (error: Error) => void;
  sentAt: number;
  /** The next of its lane. */
  behind: Entry | undefined;
}

/** What is on its way to the server and not confirmed: the server takes in what it gets, whether it can store it or not. */
const WINDOW_MESSAGES = 4_096;
const WINDOW_BYTES = 1024 * 1024;
const ACK_TIMEOUT_MS = 5_000;
const SWEEP_MS = 1_000;
const FIRST_REOPEN_MS = 100;
const MAX_REOPEN_MS = 5_000;
/** err_codes of a cluster that has no leader for the stream, or none for all streams; and of an id that another leader is storing. */
const LEADERLESS: ReadonlySet<number> = new Set([10008, 10009, 10158]);

/**
 * Publishes in the order of the calls, with one inbox for all confirmations. After a break everything that is not confirmed
 * is sent again before anything new, in its order, so that no message gets past another that was published before it.
 */
export class TopicPublisher {
  readonly #clock: Clock;
  readonly #inbox = `${createInbox()}.`;
  readonly #reopen: (subject: string) => Promise<unknown>;
  /** In the order of sending. */
  readonly #inFlight = new Map<number, Entry>();
  /** Messages of a stream that has no leader, in order. The others go on. */
  readonly #held = new Map<string, Entry[]>();
  readonly #reopening = new Map<string, CancelTimer>();
  /** The last of each lane that has one on its way. */
  readonly #lanes = new Map<string, Entry>();
  #behind = 0;
  #waiting: Entry[] = [];
  #head = 0;
  #bytes = 0;
  #nextSlot = 0;
  #batch: PublishBatch | undefined;
  #client: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  /** Found to be late once. */
  #late: Entry | undefined;
  #isScheduled = false;
  #cancelSweep: CancelTimer | undefined;
  #isClosed = false;
  #whenIdle: (() => void)[] = [];

  /** `reopen` resolves when the subject's stream can store, perhaps after it was made again; it is asked until then. */
  constructor(clock: Clock, reopen: (subject: string) => Promise<unknown>) {
    this.#clock = clock;
    this.#reopen = reopen;
  }

  /** Messages that are not confirmed, those that were not sent included. */
  get size(): number {
    let held = 0;
    for (const entries of this.#held.values()) held += entries.length;
    return this.#inFlight.size + this.#waiting.length - this.#head + held + this.#behind;
  }

  /** The message's sequence in the stream. Rejects with NotStoredError or UnconfirmedError. */
  publish(message: Outgoing): Promise<number> {
    if (this.#isClosed) return Promise.reject(new NotStoredError(message.subject, 'the event bus stopped before it was sent'));
    return new Promise((stored, refused) => {
      const { subject, head, body, isRepeated, lane } = message;
      const bytes = subject.length + head.length + body.length + 64;
      const entry: Entry = { subject, head, body, isRepeated, lane, bytes, stored, refused, sentAt: 0, behind: undefined };
      const before = lane === undefined ? undefined : this.#lanes.get(lane);
      if (lane !== undefined) this.#lanes.set(lane, entry);
      if (before === undefined) {
        this.#waiting.push(entry);
        this.#schedule();
      } else {
        before.behind = entry;
        this.#behind++;
      }
    });
  }

  /** Resolves when everything is confirmed or refused. */
  drained(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** On a connection on which the streams are there. */
  resume(client: NatsConnection): void {
    this.pause();
    this.#client = client;
    this.#batch = new PublishBatch(client);
    this.#subscription = listen(client, `${this.#inbox}*`, (message) => this.#onAck(message));
    this.#sendAgain();
    for (const subject of [...this.#held.keys()]) this.#goOn(subject);
    this.#pump();
  }

  /** The connection is gone. */
  pause(): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
    this.#subscription = undefined;
    this.#batch = undefined;
    this.#client = undefined;
    for (const [slot, entry] of [...this.#inFlight]) if (!entry.isRepeated) this.#settle(slot, entry, new UnconfirmedError(entry.subject));
  }

  close(): void {
    this.#isClosed = true;
    this.pause();
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const [slot, entry] of [...this.#inFlight]) this.#settle(slot, entry, new NotStoredError(entry.subject, 'the event bus stopped before it was confirmed'));
    for (const subject of [...this.#held.keys()]) this.#goOn(subject);
    for (const first of this.#waiting.splice(this.#head)) {
      for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.behind) entry.refused(new NotStoredError(entry.subject, 'the event bus stopped before it was sent'));
    }
    this.#lanes.clear();
    this.#behind = 0;
    this.#waiting = [];
    this.#head = 0;
    this.#checkIdle();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After the callers of this turn, so that what they publish goes out in one piece.
    this.#clock.soon(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#batch === undefined) return;
    const now = this.#clock.monotonic();
    while (this.#head < this.#waiting.length && this.#inFlight.size < WINDOW_MESSAGES && this.#bytes < WINDOW_BYTES) {
      const entry = this.#waiting[this.#head++] as Entry;
      const held = entry.isRepeated ? this.#held.get(entry.subject) : undefined;
      if (held !== undefined) {
        held.push(entry);
        continue;
      }
      const slot = this.#nextSlot++;
      this.#inFlight.set(slot, entry);
      this.#bytes += entry.bytes;
      this.#send(slot, entry, now);
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > WINDOW_MESSAGES) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#batch.flush();
    if (this.#inFlight.size > 0) this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #send(slot: number, entry: Entry, now: number): void {
    entry.sentAt = now;
    const batch = this.#batch as PublishBatch;
    const { subject, head, body } = entry;
    const reply = this.#inbox + slot;
    try {
      if (typeof body !== 'string') {
        batch.flush();
        this.#client?.publish(subject, body, head === '' ? { reply } : { reply, headers: readyHeaders(Buffer.from(head)) });
      } else if (head === '') batch.addPlain(subject, reply, body);
      else batch.add(subject, reply, { head, headBytes: Buffer.byteLength(head), payloadBytes: Buffer.byteLength(body) }, body);
    } catch (error) {
      this.#settle(slot, entry, new NotStoredError(subject, error instanceof Error ? error.message : String(error)));
    }
  }

  #sendAgain(): void {
    const now = this.#clock.monotonic();
    for (const [slot, entry] of this.#inFlight) this.#send(slot, entry, now);
    this.#batch?.flush();
  }

  #onAck(message: Incoming): void {
    const slot = Number(message.subject.slice(this.#inbox.length));
    const entry = this.#inFlight.get(slot);
    if (entry === undefined) return;
    const { text } = message;
    let sequence = storedSequence(text);
    if (sequence === 0) {
      const ack = readAck(text);
      if (ack.kind === 'refused' && entry.isRepeated && (text === '' || LEADERLESS.has(ack.code))) return this.#hold(entry.subject);
      if (ack.kind === 'refused') return this.#settle(slot, entry, new NotStoredError(entry.subject, ack.reason));
      sequence = ack.sequence;
    }
    this.#inFlight.delete(slot);
    this.#bytes -= entry.bytes;
    entry.stored(sequence);
    this.#leaveLane(entry);
    if (this.#head < this.#waiting.length) this.#schedule();
    else this.#checkIdle();
  }

  /** Nothing of the subject goes out until its stream can store again; then everything does that is not confirmed, in its order. */
  #hold(subject: string): void {
    const held: Entry[] = [];
    for (const [slot, entry] of [...this.#inFlight]) {
      if (entry.subject !== subject || !entry.isRepeated) continue;
      this.#inFlight.delete(slot);
      this.#bytes -= entry.bytes;
      held.push(entry);
    }
    this.#held.set(subject, held);
    this.#reopenAfter(subject, FIRST_REOPEN_MS);
    this.#schedule();
  }

  #reopenAfter(subject: string, pauseMs: number): void {
    this.#reopening.set(subject, this.#clock.after(pauseMs, () => {
      this.#reopen(subject).then(() => this.#goOn(subject), () => {
        if (this.#held.has(subject)) this.#reopenAfter(subject, Math.min(pauseMs * 2, MAX_REOPEN_MS));
      });
    }));
  }

  #goOn(subject: string): void {
    const held = this.#held.get(subject);
    if (held === undefined) return;
    this.#reopening.get(subject)?.();
    this.#reopening.delete(subject);
    this.#held.delete(subject);
    this.#waiting = [...held, ...this.#waiting.slice(this.#head)];
    this.#head = 0;
    this.#schedule();
  }

  /** A server that changes leaders answers nothing, and has stored nothing of it either. */
  #sweep(): void {
    this.#cancelSweep = undefined;
    const [oldest] = this.#inFlight.values();
    const isLate = this.#batch !== undefined && oldest !== undefined && this.#clock.monotonic() - oldest.sentAt >= ACK_TIMEOUT_MS;
    const isLookedAtAgain = isLate && this.#late !== oldest;
    this.#late = isLate ? oldest : undefined;
    if (isLate && !isLookedAtAgain) {
      for (const [slot, entry] of [...this.#inFlight]) if (!entry.isRepeated) this.#settle(slot, entry, new UnconfirmedError(entry.subject));
      this.#sendAgain();
    }
    if (this.#inFlight.size > 0) this.#cancelSweep = this.#clock.after(isLookedAtAgain ? LAST_LOOK_MS : SWEEP_MS, () => this.#sweep());
  }

  #settle(slot: number, entry: Entry, error: Error): void {
    if (!this.#inFlight.delete(slot)) return;
    this.#bytes -= entry.bytes;
    entry.refused(error);
    this.#leaveLane(entry);
    if (this.#head < this.#waiting.length) this.#schedule();
    this.#checkIdle();
  }

  #leaveLane({ lane, behind }: Entry): void {
    if (lane === undefined) return;
    if (behind === undefined) {
      this.#lanes.delete(lane);
      return;
    }
    this.#behind--;
    this.#waiting.push(behind);
  }

  #checkIdle(): void {
    if (this.#whenIdle.length > 0 && this.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
