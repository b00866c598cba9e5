import { UnavailableError } from '../domain/errors.ts';
import type { Feed, FeedOptions } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { asUnavailable, describe, isStreamMissing } from './errors.ts';
import { DeliveredMessage } from './feed-message.ts';
import type { Incoming } from './incoming.ts';
import { nextMessage } from './next-message.ts';
import { PollConsumer } from './poll-consumer.ts';
import { PushConsumer } from './push-consumer.ts';
import type { PushConsumerOptions } from './push-consumer.ts';
import { ReadingPace } from './reading-pace.ts';
import { StreamEnd } from './stream-end.ts';

const RETRY_MS = 250;
/** A paused feed lets its consumer go when it keeps more than this. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
const CATCH_UP_POLL_MS = 100;

type Pace = Pick<ReadingPace, 'turn' | 'message' | 'forget'>;

interface Waiter {
  readonly target: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Opens a feed at once; it waits by itself for a connection. */
export function openStreamFeed(connection: Connection, options: FeedOptions, log: Log, pace: Pace = new ReadingPace()): Feed {
  return new StreamFeed(connection, options, log, pace);
}

/**
 * Follows a stream over any number of connections and consumers. Whatever breaks, it opens a new consumer behind the last
 * message given out, so none comes twice and none is missed; it ends only when the stream is not the one it began with.
 */
class StreamFeed implements Feed {
  readonly #connection: Connection;
  readonly #options: FeedOptions;
  readonly #log: Log;
  readonly #stopListening: () => void;
  readonly #waiters = new Set<Waiter>();
  readonly #streamEnd = new StreamEnd();
  #position: number;
  /** What was dropped up to here was known when the feed began. */
  #knownGone: number | undefined;
  /** Creation time of the stream this feed began with. */
  #created: string | undefined;
  #consumer: PushConsumer | PollConsumer | undefined;
  readonly #pace: Pace;
  /** What came in this turn of the loop. */
  #turn: 'nothing' | 'can-wait' | 'cannot-wait' = 'nothing';
  /** Messages that may wait come fast and one by one: they are read in pieces. */
  #inPieces = false;
  /** On this connection. */
  #mayReadInPieces = true;
  /** Grows with each reason to open anew; an opening of an older number is void. */
  #round = 0;
  #retry: NodeJS.Timeout | undefined;
  #paused = false;
  #releaseScheduled = false;
  #endReason: string | undefined;

  constructor(connection: Connection, options: FeedOptions, log: Log, pace: Pace) {
    this.#connection = connection;
    this.#options = options;
    this.#log = log;
    this.#pace = pace;
    this.#position = Math.max(0, options.from - 1);
    this.#stopListening = connection.onState((state) => {
      if (state === 'connected') this.#connected();
      else if (state === 'disconnected') this.#drop();
      else this.#end('the connection is closed');
    });
    if (connection.state === 'connected') this.#reopen();
  }

  get position(): number {
    return this.#position;
  }

  async caughtUp(): Promise<void> {
    if (this.#endReason !== undefined) throw this.#endedError();
    let target: number | undefined;
    while (target === undefined) {
      try {
        target = (await this.#connection.manager.streams.info(this.#options.stream)).state.last_seq;
      } catch (error) {
        if (this.#endReason !== undefined) throw this.#endedError();
        if (this.#connection.state === 'closed') throw asUnavailable(error, `reading ${this.#options.stream}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    if (this.#endReason !== undefined) throw this.#endedError();
    if (this.#position >= target) return;
    await this.#reached(target);
  }

  pause(): void {
    this.#paused = true;
    this.#consumer?.hold();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#consumer === undefined) {
      // Let go while paused, or not open at the moment; the second opens by itself.
      if (this.#retry === undefined && this.#connection.state === 'connected' && this.#endReason === undefined) this.#reopen();
      return;
    }
    this.#scheduleRelease();
  }

  async stop(): Promise<void> {
    this.#end('the feed was stopped');
  }

  /** Not within resume() itself: whoever calls that does not expect messages before it returns. */
  #scheduleRelease(): void {
    if (this.#releaseScheduled) return;
    this.#releaseScheduled = true;
    setImmediate(() => {
      this.#releaseScheduled = false;
      if (!this.#paused) this.#consumer?.release();
    });
  }

  #connected(): void {
    this.#inPieces = false;
    this.#mayReadInPieces = true;
    this.#reopen();
  }

  #reopen(): void {
    this.#drop();
    if (this.#endReason !== undefined || this.#paused) return;
    const round = this.#round;
    this.#open(round).catch((error: unknown) => {
      if (round !== this.#round) return;
      if (isStreamMissing(error)) {
        this.#lose('the stream does not exist');
        return;
      }
      this.#log.debug({ stream: this.#options.stream, error: describe(error) }, 'the feed cannot be opened yet');
      this.#giveUpPieces();
      this.#retryLater();
    });
  }

  async #open(round: number): Promise<void> {
    const { client, manager } = this.#connection;
    const { stream } = this.#options;
    const info = await manager.streams.info(stream);
    if (round !== this.#round) return;
    this.#created ??= info.created;
    if (info.created !== this.#created) {
      this.#lose('the stream was made anew');
      return;
    }
    if (!this.#streamEnd.reaches(this.#position, info)) {
      this.#lose(`the stream ends at ${info.state.last_seq}, ${this.#position} was reached before`);
      return;
    }
    const gone = info.state.first_seq - 1;
    this.#knownGone ??= gone;
    if (this.#options.needsAll === true && gone > Math.max(this.#position, this.#knownGone)) {
      this.#lose(`the stream begins at ${info.state.first_seq}, ${this.#position} was reached before`);
      return;
    }
    const options: PushConsumerOptions & { readonly from: number } = {
      client,
      manager,
      stream,
      from: this.#position + 1,
      maxHeldBytes: MAX_HELD_BYTES,
      onMessage: (message, delivery) => {
        if (round === this.#round) this.#give(message, delivery);
      },
      onBroken: (reason) => {
        if (round !== this.#round) return;
        this.#log.debug({ stream, reason, position: this.#position }, 'the feed opens anew');
        this.#giveUpPieces();
        this.#reopen();
      },
    };
    const onCalm = (): void => {
      if (round === this.#round) this.#read(false);
    };
    const consumer = await (this.#inPieces ? PollConsumer.open({ ...options, onCalm, answerMs: this.#connection.answerMs }) : PushConsumer.open(options));
    if (round !== this.#round) {
      consumer.close();
      return;
    }
    this.#consumer = consumer;
    if (this.#paused) consumer.hold();
  }

  #give(message: Incoming, delivery: Delivery): void {
    if (this.#paused) {
      // Paused while the consumer was still being made.
      this.#drop();
      return;
    }
    const given = new DeliveredMessage(message, delivery, this.#options.maxPayloadBytes);
    this.#position = given.sequence;
    try {
      this.#options.onMessage(given);
    } catch (error) {
      // It must not reach the client library, whose reader would die of it without a word.
      this.#log.error({ stream: this.#options.stream, sequence: given.sequence, error: describe(error) }, 'a reader of the feed failed');
    }
    if (this.#waiters.size > 0) this.#settleWaiters();
    if (this.#mayReadInPieces && this.#options.mayWait !== undefined) this.#mind(this.#options.mayWait(given.subject));
  }

  #mind(canWait: boolean): void {
    if (this.#inPieces) {
      if (this.#pace.message(canWait)) this.#read(false);
      return;
    }
    if (this.#turn === 'nothing') setImmediate(() => this.#endTurn());
    if (this.#turn !== 'cannot-wait') this.#turn = canWait ? 'can-wait' : 'cannot-wait';
  }

  #endTurn(): void {
    const canWait = this.#turn === 'can-wait';
    this.#turn = 'nothing';
    if (this.#consumer !== undefined && !this.#paused && !this.#inPieces && this.#pace.turn(performance.now(), canWait)) this.#read(true);
  }

  /** What does not work once, or may not be done, is not tried over and over. */
  #giveUpPieces(): void {
    if (this.#inPieces) this.#mayReadInPieces = this.#inPieces = false;
  }

  #read(inPieces: boolean): void {
    this.#inPieces = inPieces;
    this.#pace.forget();
    this.#log.debug({ stream: this.#options.stream, inPieces }, 'the feed is read in another way');
    this.#reopen();
  }

  #settleWaiters(): void {
    for (const waiter of [...this.#waiters]) {
      if (this.#position >= waiter.target) waiter.resolve();
    }
  }

  /**
   * Mostly the target itself comes by. When it has been deleted meanwhile it never does, so the stream is
   * asked now and then whether anything is left. Not the consumer: it hears of a message after whoever stored it.
   */
  #reached(target: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        done();
      };
      const waiter: Waiter = { target, resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) };
      let timer: NodeJS.Timeout | undefined;
      const poll = (): void => {
        const again = (): void => {
          if (this.#waiters.has(waiter)) timer = setTimeout(poll, CATCH_UP_POLL_MS);
        };
        const consumer = this.#consumer;
        if (consumer === undefined || this.#paused) {
          again();
          return;
        }
        nextMessage(this.#connection.manager, this.#options.stream, '>', this.#position + 1).then(
          (next) => {
            const isRead = next === undefined || next.seq > target;
            if (isRead && consumer === this.#consumer && !this.#paused) waiter.resolve();
            else again();
          },
          again,
        );
      };
      this.#waiters.add(waiter);
      poll();
    });
  }

  #retryLater(): void {
    if (this.#connection.state !== 'connected') return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#reopen();
    }, RETRY_MS);
  }

  #drop(): void {
    this.#round++;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#consumer?.close();
    this.#consumer = undefined;
  }

  #lose(reason: string): void {
    if (!this.#end(reason)) return;
    this.#log.warn({ stream: this.#options.stream, position: this.#position }, `feed lost: ${reason}`);
    this.#options.onLost(reason);
  }

  #end(reason: string): boolean {
    if (this.#endReason !== undefined) return false;
    this.#endReason = reason;
    this.#stopListening();
    this.#drop();
    for (const waiter of [...this.#waiters]) waiter.reject(this.#endedError());
    return true;
  }

  #endedError(): UnavailableError {
    return new UnavailableError(`The feed of ${this.#options.stream} has ended: ${this.#endReason}.`);
  }
}
