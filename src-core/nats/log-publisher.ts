import { createInbox, errors } from '@nats-io/transport-node';
import type { Subscription } from '@nats-io/transport-node';
import type { LogMessage, LogPublisher, LogPublisherOptions } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { RESULTS_PREFIX, TERM_HEADER } from '../wire/index.ts';
import { Complaints } from './complaints.ts';
import type { Connection } from './connection.ts';
import { describe } from './errors.ts';
import { listen } from './fast-reader.ts';
import type { Incoming } from './incoming.ts';
import { InFlight } from './in-flight.ts';
import { LogQueue, frameOf } from './log-queue.ts';
import type { Entry } from './log-queue.ts';
import { learnTarget, resultsTarget, runsTarget } from './log-reconcile.ts';
import { readAck, storedSequence } from './publish-ack.ts';
import { PublishBatch } from './publish-batch.ts';
import { PumpTurns } from './pump-turns.ts';
import { Reception } from './reception.ts';
import type { ReceptionMemory } from './reception.ts';
import { StreamLookup } from './stream-lookup.ts';
import { TrustWatch } from './trust-watch.ts';

/** Most bytes given to the socket beyond what is acknowledged: a paused process wakes with no more than this to send. */
const CHUNK_BYTES = 128 * 1024;
/** With that much under way acknowledgements are waited for: under load the socket gets large pieces, not one for each of them. */
const REFILL_BYTES = CHUNK_BYTES / 2;
const ACK_TIMEOUT_MS = 5_000;
/** A replicated stream tells for sure what it holds, and is without a leader now and then: it is asked sooner. */
const REPLICATED_ACK_TIMEOUT_MS = 1_000;
const SWEEP_MS = 500;
/**
 * While the oldest message waits longer than that for its acknowledgement nothing follows it: core subscribers see what a
 * stream without a leader does not store, and would see it again.
 */
const UNANSWERED_MS = 250;
/** How often `maySend` is asked again while it says no. */
const HELD_BACK_MS = 20;
/**
 * After a reconnect the server may still be taking in bytes of the old connection; reading the stream before it has
 * would miss them, and they would be sent twice.
 */
const OLD_BYTES_MS = 100;
/** How often a stream that is missing is looked for again. */
const MISSING_MS = 250;

/** `memory` is one for all publishers of the connection, one after the other. */
export function openLogPublisher(connection: Connection, options: LogPublisherOptions, log: Log, memory: ReceptionMemory): LogPublisher {
  return new PipelinedPublisher(connection, options, log, memory);
}

/**
 * Waiting (never sent) → in flight (given to the socket) → settled. What is in flight when the connection breaks, or stays
 * unanswered, is looked up in the stream; only what is not there goes back, in front of the waiting ones.
 *
 * The server shows a message to core subscribers before it stores it. What it has shown but not stored when it dies is not in
 * the stream, so it is sent again, and they see it twice: one chunk at most, and there is no way to tell from here.
 *
 * What else keeps core subscribers from seeing anything twice: Reception, for streams that take nothing, and TrustWatch, for a
 * network that stands still.
 */
class PipelinedPublisher implements LogPublisher {
  readonly #connection: Connection;
  readonly #options: LogPublisherOptions;
  readonly #log: Log;
  readonly #complaints: Complaints;
  readonly #runs = runsTarget();
  readonly #results = resultsTarget();
  readonly #inbox = `${createInbox()}.`;
  readonly #termLine: string;
  readonly #stopListening: () => void;
  readonly #sweeper: NodeJS.Timeout;

  readonly #queue = new LogQueue();
  readonly #inFlight = new InFlight();
  readonly #turns = new PumpTurns(() => this.#ready, () => this.#pump());
  readonly #trust: TrustWatch;
  readonly #reception: Reception;
  readonly #lookup: StreamLookup;
  #accepted = 0;
  #lastSequence = 0;

  #subscription: Subscription | undefined;
  #ready = false;
  #reconciling = false;
  /** Grows at each change of the connection; work begun for an older one is void. */
  #round = 0;
  #stopping = false;
  #drained: (() => void) | undefined;

  constructor(connection: Connection, options: LogPublisherOptions, log: Log, memory: ReceptionMemory) {
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#complaints = new Complaints(log);
    this.#termLine = `\r\n${TERM_HEADER}: ${options.term}\r\n`;
    const isReady = (): boolean => this.#ready;
    const { term } = options;
    this.#trust = new TrustWatch(connection, this.#inFlight, isReady, () => options.maySend());
    this.#reception = new Reception({ connection, term, runs: this.#runs, turns: this.#turns, isReady, complaints: this.#complaints, memory });
    this.#lookup = new StreamLookup({
      connection, term, targets: [this.#runs, this.#results], inFlight: this.#inFlight, complaints: this.#complaints, log,
      found: (slot, entry, sequence) => this.#stored(slot, entry, sequence),
      missing: (slot, entry) => this.#takeBack(slot, entry),
    });
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

  get problem(): string {
    const { problem } = this.#reception;
    if (problem !== '') return problem;
    const { oldest } = this.#inFlight;
    return oldest !== undefined && performance.now() - oldest.sentAt > ACK_TIMEOUT_MS ? `what was sent to ${oldest.target.stream} is not answered` : '';
  }

  publish(message: LogMessage): void {
    const target = message.subject.startsWith(RESULTS_PREFIX) ? this.#results : this.#runs;
    const entry: Entry = { message, target, order: this.#accepted++, frame: undefined, bytes: 0, after: 0, sentAt: 0 };
    if (this.#stopping || this.#connection.state === 'closed') {
      settle(entry, 0, this.#log);
      return;
    }
    this.#queue.push(entry);
    this.#turns.soon();
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
    const isVoid = (): boolean => round !== this.#round;
    if (this.#inFlight.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, OLD_BYTES_MS));
      await this.#lookup.findUnanswered(isVoid);
    }
    await this.#lookup.learnEnds(isVoid);
    if (isVoid()) return;
    this.#ready = true;
    this.#turns.soon();
  }

  #pump(): void {
    if (!this.#ready || this.#reconciling || this.#inFlight.bytes >= REFILL_BYTES || this.#turns.isWaiting) return;
    const entry = this.#queue.peek();
    if (entry === undefined) return;
    if (this.#reception.isRefusing && this.#inFlight.size > 0) return;
    if (this.#waitedMs() >= UNANSWERED_MS) return;
    if (entry.target.created === '') {
      // Core subscribers would see it, and see it again once there is a stream to store it.
      this.#complaints.say(`the stream ${entry.target.stream} does not exist`);
      learnTarget(this.#connection, entry.target).catch(() => {});
      this.#turns.later(MISSING_MS);
      return;
    }
    if (!this.#options.maySend()) {
      this.#turns.later(HELD_BACK_MS);
      return;
    }
    frameOf(entry, this.#termLine);
    if (this.#reception.asksFirst(entry.bytes)) return;
    const batch = new PublishBatch(this.#connection.client);
    const firstSlot = this.#inFlight.nextSlot;
    this.#fill(batch);
    batch.seal();
    // Once more, as late as can be: a process that is paused in between, or waits for the processor, wakes here.
    if (!this.#options.maySend()) {
      for (const [slot, entry] of this.#inFlight.entries()) if (slot >= firstSlot) this.#takeBack(slot, entry);
      this.#turns.later(HELD_BACK_MS);
      return;
    }
    batch.flush();
    this.#trust.start();
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
          this.#turns.soon();
          return;
        }
        const frame = frameOf(entry, this.#termLine);
        if (this.#inFlight.bytes > 0 && this.#inFlight.bytes + entry.bytes > CHUNK_BYTES) return;
        const slot = this.#inFlight.nextSlot;
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
        entry.frame = undefined;
        entry.after = entry.target.lastSequence;
        entry.sentAt = monotonic;
        this.#inFlight.add(entry);
        if (this.#reception.isRefusing) return;
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
      else if (ack.transient) {
        this.#log.debug({ id: entry.message.id, reason: ack.reason, sendAgain: 1 }, 'publishing: refused for the moment');
        this.#takeBack(slot, entry);
        this.#reception.refused(entry.target, ack.reason);
      }
      else {
        this.#leaveFlight(slot, entry);
        this.#refuseForGood(entry, ack.reason);
      }
    }
    this.#turns.soon();
  }

  #stored(slot: number, entry: Entry, sequence: number): void {
    this.#leaveFlight(slot, entry);
    this.#reception.stored(entry.target);
    if (sequence > entry.target.lastSequence) entry.target.lastSequence = sequence;
    if (entry.target === this.#runs && sequence > this.#lastSequence) this.#lastSequence = sequence;
    settle(entry, sequence, this.#log);
  }

  #refuseForGood(entry: Entry, reason: string): void {
    this.#complaints.say(`a message was refused and given up: ${reason}`, entry.message);
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
    this.#inFlight.remove(slot, entry);
    if (this.#inFlight.size === 0) this.#drained?.();
  }

  #sweep(): void {
    const now = Date.now();
    this.#giveUp((entry) => entry.message.giveUpAt <= now);
    if (!this.#ready || this.#reconciling) return;
    const { oldest } = this.#inFlight;
    if (oldest === undefined || this.#waitedMs() < (oldest.target.isReplicated ? REPLICATED_ACK_TIMEOUT_MS : ACK_TIMEOUT_MS)) return;
    this.#reconciling = true;
    const round = this.#round;
    void this.#lookup.findUnanswered(() => round !== this.#round).then((missing) => {
      this.#reconciling = false;
      // A replicated one has just stored the barrier.
      if (missing > 0 && round === this.#round && !this.#runs.isReplicated) this.#reception.swallowed(missing);
      this.#turns.soon();
    });
  }

  /** How long the oldest message on its way has been there. */
  #waitedMs(): number {
    const { oldest } = this.#inFlight;
    return oldest === undefined ? 0 : performance.now() - oldest.sentAt;
  }

  /** Settles with 0 what meets the condition and is known not to be in the stream. */
  #giveUp(condition: (entry: Entry) => boolean): void {
    for (const entry of this.#queue.remove(condition)) settle(entry, 0, this.#log);
  }

  #finish(): void {
    this.#stopping = true;
    this.#trust.look();
    this.#disconnected();
    this.#stopListening();
    clearInterval(this.#sweeper);
    this.#turns.stop();
    this.#trust.stop();
    this.#giveUp(() => true);
    if (this.#inFlight.size > 0) this.#reception.suspect(this.#inFlight.size);
    for (const [slot, entry] of this.#inFlight.entries()) {
      this.#leaveFlight(slot, entry);
      settle(entry, 0, this.#log, true);
    }
  }
}

function settle(entry: Entry, sequence: number, log: Log, isUnsure = false): void {
  try {
    entry.message.onSettled(sequence, isUnsure);
  } catch (error) {
    log.error({ error: describe(error), id: entry.message.id }, 'publishing: whoever waited for a message failed');
  }
}
