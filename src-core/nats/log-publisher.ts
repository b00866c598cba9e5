import { createInbox, errors } from '@nats-io/transport-node';
import type { Subscription } from '@nats-io/transport-node';
import type { LogMessage, LogPublisher, LogPublisherOptions } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { RESULTS_PREFIX, TERM_HEADER } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { describe } from './errors.ts';
import { listen } from './fast-reader.ts';
import type { Incoming } from './incoming.ts';
import { LogQueue, frameOf } from './log-queue.ts';
import type { Entry } from './log-queue.ts';
import { findStored, learnTarget, resultsTarget, runsTarget, takesMessages } from './log-reconcile.ts';
import { readAck, storedSequence } from './publish-ack.ts';
import { PublishBatch } from './publish-batch.ts';

/** Most bytes given to the socket beyond what is acknowledged: a paused process wakes with no more than this to send. */
const CHUNK_BYTES = 128 * 1024;
/** With that much under way acknowledgements are waited for: under load the socket gets large pieces, not one for each of them. */
const REFILL_BYTES = CHUNK_BYTES / 2;
const ACK_TIMEOUT_MS = 5_000;
const SWEEP_MS = 1_000;
/** How often `maySend` is asked again while it says no. */
const HELD_BACK_MS = 20;
/**
 * After a reconnect the server may still be taking in bytes of the old connection; reading the stream before it has
 * would miss them, and they would be sent twice.
 */
const OLD_BYTES_MS = 100;
const RETRY_MS = 250;
const MAX_REFUSAL_PAUSE_MS = 5_000;
const COMPLAINT_MS = 60_000;

export function openLogPublisher(connection: Connection, options: LogPublisherOptions, log: Log): LogPublisher {
  return new PipelinedPublisher(connection, options, log);
}

/**
 * Waiting (never sent) → in flight (given to the socket) → settled. What is in flight when the connection breaks, or stays
 * unanswered, is looked up in the stream; only what is not there goes back, in front of the waiting ones.
 *
 * The server shows a message to core subscribers before it stores it. What it has shown but not stored when it dies is not in
 * the stream, so it is sent again, and they see it twice: one chunk at most, and there is no way to tell from here.
 *
 * A message the stream refuses for the moment was seen by core subscribers all the same; sending it again shows
 * it to them again. So after a refusal an empty message is tried until the stream takes it, and then one at a time.
 */
class PipelinedPublisher implements LogPublisher {
  readonly #connection: Connection;
  readonly #options: LogPublisherOptions;
  readonly #log: Log;
  readonly #runs = runsTarget();
  readonly #results = resultsTarget();
  readonly #inbox = `${createInbox()}.`;
  readonly #termLine: string;
  readonly #stopListening: () => void;
  readonly #sweeper: NodeJS.Timeout;

  readonly #queue = new LogQueue();
  /** By slot, in the order of sending. */
  readonly #inFlight = new Map<number, Entry>();
  #inFlightBytes = 0;
  #nextSlot = 0;
  #accepted = 0;
  #lastSequence = 0;

  #subscription: Subscription | undefined;
  #ready = false;
  #reconciling = false;
  /** Grows at each change of the connection; work begun for an older one is void. */
  #round = 0;
  #pumpScheduled = false;
  #pumpTimer: NodeJS.Timeout | undefined;
  #refusals = 0;
  /** The runs stream did not take something: an empty message must come through before any that core subscribers act on. */
  #suspect = false;
  #probing = false;
  #stopping = false;
  #drained: (() => void) | undefined;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, options: LogPublisherOptions, log: Log) {
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#termLine = `\r\n${TERM_HEADER}: ${options.term}\r\n`;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#stopListening = connection.onState((state) => {
      this.#disconnected();
      if (state === 'connected') this.#connected();
      else if (state === 'closed') this.#finish();
    });
    if (connection.state === 'connected') this.#connected();
  }

  get unsettled(): number {
    return this.#inFlight.size + this.#queue.size;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  publish(message: LogMessage): void {
    const target = message.subject.startsWith(RESULTS_PREFIX) ? this.#results : this.#runs;
    const entry: Entry = { message, target, order: this.#accepted++, frame: undefined, bytes: 0, after: 0, sentAt: 0 };
    if (this.#stopping || this.#connection.state === 'closed') {
      settle(entry, 0, this.#log);
      return;
    }
    this.#queue.push(entry);
    this.#schedulePump();
  }

  async stop(drainMs: number): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#giveUp(() => true);
    }
    if (this.#inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, drainMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#finish();
  }

  #connected(): void {
    const round = this.#round;
    this.#subscription = listen(this.#connection.client, `${this.#inbox}*`, (message) => this.#onAck(message));
    void this.#begin(round);
  }

  #disconnected(): void {
    this.#round++;
    this.#ready = false;
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
    this.#subscription = undefined;
  }

  async #begin(round: number): Promise<void> {
    if (this.#inFlight.size > 0) {
      await pause(OLD_BYTES_MS);
      await this.#reconcile(round);
    }
    for (const target of [this.#runs, this.#results]) {
      let known = false;
      while (round === this.#round && !known) {
        try {
          await learnTarget(this.#connection, target);
          known = true;
        } catch (error) {
          this.#complain(`the stream ${target.stream} cannot be read: ${describe(error)}`);
          await pause(RETRY_MS);
        }
      }
    }
    if (round !== this.#round) return;
    this.#ready = true;
    this.#schedulePump();
  }

  /** Settles what is in the streams and takes back what is not: resolves to how many. Gives up trying only when the connection changes. */
  async #reconcile(round: number): Promise<number> {
    let back = 0;
    for (const target of [this.#runs, this.#results]) {
      while (round === this.#round) {
        const unknown = [...this.#inFlight].filter(([, entry]) => entry.target === target);
        const first = unknown[0];
        if (first === undefined) break;
        const ids = new Set(unknown.map(([, entry]) => entry.message.id));
        try {
          const stored = await findStored(this.#connection, target, ids, first[1].after);
          if (round !== this.#round) return back;
          back += this.#sort(unknown, stored);
          break;
        } catch (error) {
          this.#complain(`cannot learn yet what ${target.stream} holds: ${describe(error)}`);
          await pause(RETRY_MS);
        }
      }
    }
    return back;
  }

  #sort(unknown: readonly (readonly [number, Entry])[], stored: ReadonlyMap<string, number>): number {
    let found = 0;
    let back = 0;
    for (const [slot, entry] of unknown) {
      // Its acknowledgement may have come while the stream was read.
      if (!this.#inFlight.has(slot)) continue;
      const sequence = stored.get(entry.message.id);
      if (sequence !== undefined) {
        found++;
        this.#stored(slot, entry, sequence);
      } else {
        back++;
        this.#takeBack(slot, entry);
      }
    }
    this.#log.info({ found, sendAgain: back }, 'publishing: unanswered messages were looked up in the stream');
    return back;
  }

  #schedulePump(): void {
    if (this.#pumpScheduled || !this.#ready) return;
    this.#pumpScheduled = true;
    // Once for all that is published, or acknowledged, in this turn.
    queueMicrotask(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pumpLater(delayMs: number): void {
    this.#pumpTimer ??= setTimeout(() => {
      this.#pumpTimer = undefined;
      this.#pump();
    }, delayMs);
  }

  #pump(): void {
    if (!this.#ready || this.#reconciling || this.#inFlightBytes >= REFILL_BYTES || this.#pumpTimer !== undefined) return;
    const entry = this.#queue.peek();
    if (entry === undefined) return;
    if (this.#refusals > 0 && this.#inFlight.size > 0) return;
    if (entry.target.created === '') {
      // Core subscribers would see it, and see it again once there is a stream to store it.
      this.#complain(`the stream ${entry.target.stream} does not exist`);
      learnTarget(this.#connection, entry.target).catch(() => {});
      this.#pumpLater(RETRY_MS);
      return;
    }
    if (!this.#options.maySend()) {
      this.#pumpLater(HELD_BACK_MS);
      return;
    }
    if (this.#suspect) {
      void this.#probe();
      return;
    }
    const batch = new PublishBatch(this.#connection.client);
    this.#fill(batch);
    batch.flush();
  }

  /** Gives the batch what waits, up to a chunk. */
  #fill(batch: PublishBatch): void {
    let entry = this.#queue.peek();
    const now = Date.now();
    const monotonic = performance.now();
    while (entry !== undefined) {
      if (entry.message.giveUpAt <= now) {
        this.#queue.shift();
        settle(entry, 0, this.#log);
      } else {
        if (entry.target.created === '') {
          this.#schedulePump();
          return;
        }
        const frame = frameOf(entry, this.#termLine);
        if (this.#inFlightBytes > 0 && this.#inFlightBytes + entry.bytes > CHUNK_BYTES) return;
        const slot = this.#nextSlot;
        try {
          batch.add(entry.message.subject, this.#inbox + slot, frame, entry.message.text);
        } catch (error) {
          if (error instanceof errors.ClosedConnectionError) return;
          this.#queue.shift();
          this.#refuseForGood(entry, describe(error));
          entry = this.#queue.peek();
          continue;
        }
        this.#queue.shift();
        this.#nextSlot++;
        entry.frame = undefined;
        entry.after = entry.target.lastSequence;
        entry.sentAt = monotonic;
        this.#inFlight.set(slot, entry);
        this.#inFlightBytes += entry.bytes;
        if (this.#refusals > 0) return;
      }
      entry = this.#queue.peek();
    }
  }

  #onAck(message: Incoming): void {
    const slot = Number(message.subject.slice(this.#inbox.length));
    const entry = this.#inFlight.get(slot);
    if (entry === undefined) return;
    const { text } = message;
    const sequence = storedSequence(text);
    if (sequence > 0) {
      this.#stored(slot, entry, sequence);
    } else {
      const ack = readAck(text);
      if (ack.kind === 'stored') this.#stored(slot, entry, ack.sequence);
      else if (ack.transient) this.#refusedForNow(slot, entry, ack.reason);
      else {
        this.#leaveFlight(slot, entry);
        this.#refuseForGood(entry, ack.reason);
      }
    }
    this.#schedulePump();
  }

  #stored(slot: number, entry: Entry, sequence: number): void {
    this.#leaveFlight(slot, entry);
    this.#refusals = 0;
    if (sequence > entry.target.lastSequence) entry.target.lastSequence = sequence;
    if (entry.target === this.#runs && sequence > this.#lastSequence) this.#lastSequence = sequence;
    settle(entry, sequence, this.#log);
  }

  #refusedForNow(slot: number, entry: Entry, reason: string): void {
    this.#complain(`${entry.target.stream} takes nothing at the moment: ${reason}`);
    this.#takeBack(slot, entry);
    if (entry.target === this.#runs) this.#suspect = true;
    this.#holdBack();
  }

  #holdBack(): void {
    if (this.#pumpTimer !== undefined) return;
    this.#refusals++;
    this.#pumpLater(Math.min(MAX_REFUSAL_PAUSE_MS, RETRY_MS * 2 ** Math.min(this.#refusals - 1, 10)));
  }

  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const isTaken = await takesMessages(this.#connection, this.#options.term, ACK_TIMEOUT_MS);
    this.#probing = false;
    if (isTaken) {
      this.#suspect = false;
      this.#refusals = 0;
    } else if (this.#ready) this.#holdBack();
    this.#schedulePump();
  }

  #refuseForGood(entry: Entry, reason: string): void {
    this.#complain(`a message was refused and given up: ${reason}`, entry.message);
    settle(entry, 0, this.#log);
  }

  #takeBack(slot: number, entry: Entry): void {
    this.#leaveFlight(slot, entry);
    if (this.#stopping) {
      settle(entry, 0, this.#log);
      return;
    }
    this.#queue.giveBack(entry);
  }

  #leaveFlight(slot: number, entry: Entry): void {
    this.#inFlight.delete(slot);
    this.#inFlightBytes -= entry.bytes;
    if (this.#inFlight.size === 0) this.#drained?.();
  }

  #sweep(): void {
    const now = Date.now();
    this.#giveUp((entry) => entry.message.giveUpAt <= now);
    if (!this.#ready || this.#reconciling) return;
    const [oldest] = this.#inFlight.values();
    if (oldest === undefined || performance.now() - oldest.sentAt < ACK_TIMEOUT_MS) return;
    this.#reconciling = true;
    const round = this.#round;
    void this.#reconcile(round).then((back) => {
      this.#reconciling = false;
      if (back > 0 && round === this.#round) {
        // The server got them and stored none: its disk may be full or broken.
        this.#complain('what was sent is neither answered nor stored');
        this.#suspect = true;
        this.#holdBack();
      }
      this.#schedulePump();
    });
  }

  /** Settles with 0 what meets the condition and is known not to be in the stream. */
  #giveUp(condition: (entry: Entry) => boolean): void {
    for (const entry of this.#queue.remove(condition)) settle(entry, 0, this.#log);
  }

  #finish(): void {
    this.#stopping = true;
    this.#disconnected();
    this.#stopListening();
    clearInterval(this.#sweeper);
    clearTimeout(this.#pumpTimer);
    this.#giveUp(() => true);
    for (const [slot, entry] of [...this.#inFlight]) {
      this.#leaveFlight(slot, entry);
      settle(entry, 0, this.#log);
    }
  }

  #complain(what: string, message?: LogMessage): void {
    const now = performance.now();
    if (now - this.#complainedAt < COMPLAINT_MS) return;
    this.#complainedAt = now;
    this.#log.warn(message === undefined ? {} : { subject: message.subject, id: message.id }, `publishing: ${what}`);
  }
}

function settle(entry: Entry, sequence: number, log: Log): void {
  try {
    entry.message.onSettled(sequence);
  } catch (error) {
    log.error({ error: describe(error), id: entry.message.id }, 'publishing: whoever waited for a message failed');
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
