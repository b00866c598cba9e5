import { LIVE_TYPES } from '../contract.ts';
import type { LiveFilter, LiveFrame, LiveType } from '../contract.ts';
import type { Caller } from '../routes/route.ts';
import type { Change, ChangeLog } from './change-log.ts';
import type { LiveLimits } from './live-limits.ts';

/** The part of a WebSocket this needs. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Close codes beyond the standard's. */
export const CLOSE_NOT_LOGGED_IN = 4401;
const CLOSE_TRY_LATER = 1013;

/** One client: what it wants, and how far it has read. */
export class LiveConnection {
  caller: Caller | undefined;
  readonly #socket: LiveSocket;
  readonly #log: ChangeLog;
  readonly #limits: LiveLimits;
  #types: ReadonlySet<LiveType> = new Set();
  #filter: LiveFilter = {};
  #cursor: number | undefined;
  #paused = false;
  /** JSON of counters not sent yet. */
  #counters = '';
  #slowSince: number | undefined;

  constructor(socket: LiveSocket, log: ChangeLog, limits: LiveLimits) {
    this.#socket = socket;
    this.#log = log;
    this.#limits = limits;
  }

  /** The namespace whose counters it wants, '' for all; undefined when it wants none now. */
  get countersOf(): string | undefined {
    return this.#types.has('counters') && !this.#paused ? (this.#filter.namespace ?? '') : undefined;
  }

  subscribe(filter: LiveFilter, since: number | undefined): void {
    this.#types = new Set(filter.types ?? LIVE_TYPES);
    this.#filter = filter;
    this.#counters = '';
    this.#cursor = since ?? this.#cursor ?? this.#log.seq;
    const known = this.#log.after(this.#cursor) !== undefined;
    this.send({ seq: known ? this.#cursor : this.#log.seq, type: 'subscribed', types: [...this.#types] });
    if (!known) this.#reset();
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.send({ seq: this.#cursor ?? this.#log.seq, type: 'paused', paused });
  }

  fail(message: string): void {
    this.send({ seq: this.#cursor ?? this.#log.seq, type: 'error', message });
  }

  offerCounters(json: string): void {
    this.#counters = json;
  }

  /** Sends what is new, unless it still has enough to read. True when more is waiting. */
  flush(now: number): boolean {
    if (this.#cursor === undefined || this.#paused) return false;
    if (this.#socket.bufferedAmount > this.#limits.maxBufferedBytes) return this.#waitForReader(now);
    this.#slowSince = undefined;
    const changes = this.#log.after(this.#cursor);
    if (changes === undefined) {
      this.#reset();
      return this.#counters !== '';
    }
    return this.#sendChanges(changes);
  }

  send(frame: LiveFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  #sendChanges(changes: Iterable<Change>): boolean {
    const parts = new Map<LiveType, string[]>();
    let count = 0;
    let length = 0;
    let more = false;
    let cursor = this.#log.seq;
    let last = this.#cursor!;
    for (const change of changes) {
      if (!this.#wants(change)) continue;
      if (count === this.#limits.maxPerFrame || length >= this.#limits.maxFrameLength) {
        [more, cursor] = [true, last];
        break;
      }
      const json = change.json();
      const part = parts.get(change.kind);
      if (part) part.push(json);
      else parts.set(change.kind, [json]);
      length += json.length;
      last = change.seq;
      count += 1;
    }
    this.#cursor = cursor;
    if (count > 0 || this.#counters !== '') this.#socket.send(frameText(cursor, parts, this.#counters));
    this.#counters = '';
    return more;
  }

  #wants(change: Change): boolean {
    const { namespace, app, job } = this.#filter;
    if (!this.#types.has(change.kind)) return false;
    if (change.namespace === '') return true;
    return fits(namespace, change.namespace) && fits(app, change.app) && (change.job === '' || fits(job, change.job));
  }

  #reset(): void {
    this.#cursor = this.#log.seq;
    this.send({ seq: this.#cursor, type: 'reset' });
  }

  #waitForReader(now: number): boolean {
    this.#slowSince ??= now;
    if (now - this.#slowSince >= this.#limits.slowMs) {
      this.#cursor = undefined;
      this.#socket.close(CLOSE_TRY_LATER, 'too slow');
      return false;
    }
    return true;
  }
}

function fits(wanted: string | undefined, is: string): boolean {
  return wanted === undefined || wanted === is;
}

/** There is one of each of these; of the others there are lists. */
const SINGLE: ReadonlySet<LiveType> = new Set(['leader', 'nats', 'pause', 'gap']);

function frameText(seq: number, parts: ReadonlyMap<LiveType, readonly string[]>, counters: string): string {
  let text = `{"seq":${seq},"type":"changes"`;
  for (const [kind, items] of parts) {
    text += SINGLE.has(kind) ? `,"${kind}":${items.at(-1)!}` : `,"${kind}":[${items.join(',')}]`;
  }
  return counters === '' ? `${text}}` : `${text},"counters":${counters}}`;
}
