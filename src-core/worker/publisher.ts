import { createInbox } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { listen } from '../nats/fast-reader.ts';
import type { Incoming } from '../nats/incoming.ts';
import { LAST_LOOK_MS } from '../nats/last-look.ts';
import { readAck, storedSequence } from '../nats/publish-ack.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import { NotStoredError } from './errors.ts';
import type { Outbox } from './outbox.ts';

/** Told what became of a publish; one of the two, once. */
export interface Receipt {
  /** `isDuplicate`: the stream had a message of that id already, under this sequence; also true of one that was sent again. */
  stored(sequence: number, isDuplicate: boolean): void;
  refused(error: NotStoredError): void;
}

export interface StoreOptions {
  /** The stream drops a second message of the same id within its window. */
  readonly id?: string;
  /** How long it is tried. Default: for ever. */
  readonly giveUpAfterMs?: number;
}

interface Entry {
  readonly subject: string;
  readonly text: string;
  readonly id: string;
  readonly receipt: Receipt;
  /** Monotonic ms. */
  readonly deadline: number;
  /** Monotonic ms; 0 = it waits to be sent (again). */
  sentAt: number;
  refusals: number;
  /** Its time was found to be up. */
  isLate: boolean;
}

const DUPLICATE = /"duplicate": ?true/;
const ACK_TIMEOUT_MS = 5_000;
const AGAIN_MS = 250;
const SWEEP_MS = 250;
const NO_OPTIONS: StoreOptions = {};
const CLOSED = 'the connection was closed';

/**
 * Publishes to streams, with one inbox for all acknowledgements instead of a request for each. A message that is not
 * acknowledged (the connection broke, the stream has no leader, or is not there yet) is sent again: it may be stored
 * twice unless it has an id, and after others that were published behind it. Callers bound how much they have under way by `size`.
 */
export class Publisher {
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #inbox = `${createInbox()}.`;
  readonly #slotStart: number;
  readonly #entries = new Map<number, Entry>();
  #nextSlot = 0;
  #subscription: Subscription | undefined;
  #cancelSweep: CancelTimer | undefined;
  #isClosed = false;
  #idle: (() => void)[] = [];

  constructor(outbox: Outbox, clock: Clock) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#slotStart = this.#inbox.length;
  }

  /** Messages whose receipt has not been told. */
  get size(): number {
    return this.#entries.size;
  }

  publish(subject: string, text: string, receipt: Receipt, options: StoreOptions = NO_OPTIONS): void {
    const { id = '', giveUpAfterMs } = options;
    if (this.#isClosed) {
      receipt.refused(new NotStoredError(subject, CLOSED));
      return;
    }
    const deadline = giveUpAfterMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() + giveUpAfterMs;
    const entry: Entry = { subject, text, id, receipt, deadline, sentAt: 0, refusals: 0, isLate: false };
    const slot = this.#nextSlot++;
    this.#entries.set(slot, entry);
    if (this.#subscription !== undefined) this.#send(slot, entry);
    this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  /** The same with a promise: its sequence in the stream. Rejects with NotStoredError. */
  store(subject: string, text: string, options: StoreOptions = NO_OPTIONS): Promise<number> {
    return new Promise((resolve, reject) => {
      this.publish(subject, text, { stored: resolve, refused: reject }, options);
    });
  }

  /** Resolves when nothing is under way any more. */
  drained(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  connected(client: NatsConnection): void {
    this.#subscription = listen(client, `${this.#inbox}*`, (message) => this.#onAck(message));
    for (const [slot, entry] of [...this.#entries]) this.#send(slot, entry);
  }

  disconnected(): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
    this.#subscription = undefined;
    for (const entry of this.#entries.values()) entry.sentAt = 0;
  }

  close(): void {
    this.#isClosed = true;
    this.disconnected();
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const [slot, entry] of [...this.#entries]) this.#refuse(slot, entry, CLOSED);
  }

  #send(slot: number, entry: Entry): void {
    entry.sentAt = this.#clock.monotonic();
    const reply = this.#inbox + slot;
    try {
      if (entry.id === '') this.#outbox.send(entry.subject, reply, entry.text);
      else this.#outbox.sendWithId(entry.subject, reply, entry.text, entry.id);
    } catch (error) {
      this.#refuse(slot, entry, error instanceof Error ? error.message : String(error));
    }
  }

  #onAck(message: Incoming): void {
    const slot = Number(message.subject.slice(this.#slotStart));
    const entry = this.#entries.get(slot);
    if (entry === undefined) return;
    const { text } = message;
    const sequence = storedSequence(text);
    if (sequence > 0) {
      this.#entries.delete(slot);
      entry.receipt.stored(sequence, entry.id !== '' && DUPLICATE.test(text));
      this.#checkIdle();
      return;
    }
    const ack = readAck(text);
    if (ack.kind === 'stored') {
      this.#entries.delete(slot);
      entry.receipt.stored(ack.sequence, DUPLICATE.test(text));
    } else if (!ack.transient || this.#clock.monotonic() > entry.deadline) {
      this.#refuse(slot, entry, ack.reason);
    } else {
      // The sweep sends it again when that time is there.
      entry.refusals++;
      entry.sentAt = this.#clock.monotonic() - ACK_TIMEOUT_MS + Math.min(AGAIN_MS * entry.refusals, ACK_TIMEOUT_MS);
    }
    this.#checkIdle();
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const now = this.#clock.monotonic();
    let againMs = SWEEP_MS;
    for (const [slot, entry] of [...this.#entries]) {
      if (entry.isLate) this.#refuse(slot, entry, 'the time for it is up');
      else if (now > entry.deadline) {
        entry.isLate = true;
        againMs = LAST_LOOK_MS;
      } else if (this.#subscription !== undefined && now - entry.sentAt >= ACK_TIMEOUT_MS) this.#send(slot, entry);
    }
    this.#checkIdle();
    if (this.#entries.size > 0) this.#cancelSweep ??= this.#clock.after(againMs, () => this.#sweep());
  }

  #refuse(slot: number, entry: Entry, reason: string): void {
    this.#entries.delete(slot);
    entry.receipt.refused(new NotStoredError(entry.subject, reason));
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#entries.size > 0 || this.#idle.length === 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
