import type { MemoryNats } from '../support/memory-nats.ts';
import { HEARTBEAT_PREFIX, kvKey, parseEndKey, RESULTS_PREFIX } from '../../src-core/wire/index.ts';

/** Three beats and some: protocol.md. */
const LIVE_MS = 15_000;
/** What a leader that nothing is wrong with may not have heard of yet. */
const NEWS_MS = 400;
/** Of one that something is wrong with. */
const OLD_NEWS_MS = 60_000;
/** Work that lies ready: design of `maxRunning` 0. */
const AHEAD_S = 0.05;

interface Beat {
  readonly at: number;
  readonly capacity: number;
}

/** Reads heartbeats and answers off the wire, and says how many runs at once whoever leads may have known of room for. */
export class CapacityWatch {
  readonly #time: { monotonic(): number };
  readonly #beats = new Map<string, Beat[]>();
  readonly #ends = new Map<string, number[]>();

  constructor(nats: MemoryNats, time: { monotonic(): number }) {
    this.#time = time;
    nats.listen((subject, text) => {
      if (subject.startsWith(HEARTBEAT_PREFIX)) this.#onBeat(text);
      else if (subject.startsWith(RESULTS_PREFIX)) this.#onEnd(kvKey(RESULTS_PREFIX, subject) ?? '');
    });
  }

  most(jobName: string, isCalm: boolean): number {
    const now = this.#time.monotonic();
    const since = now - (isCalm ? NEWS_MS : OLD_NEWS_MS);
    const moments = [since, now, ...[...this.#beats.values()].flat().map(({ at }) => at).filter((at) => at > since)];
    const room = Math.max(...moments.map((at) => this.#roomAt(at, isCalm ? NEWS_MS : OLD_NEWS_MS)));
    if (room === 0) return 0;
    let rate = 0;
    for (const at of this.#ends.get(jobName) ?? []) if (at > since || isCalm) rate += isCalm ? Math.exp(-Math.max(0, now - at - NEWS_MS) / 1000) : 1;
    return room + Math.floor(rate * AHEAD_S);
  }

  #roomAt(moment: number, slackMs: number): number {
    let sum = 0;
    for (const beats of this.#beats.values()) {
      const last = beats.findLast(({ at }) => at <= moment);
      if (last !== undefined && moment - last.at <= LIVE_MS + slackMs) sum += last.capacity;
    }
    return sum;
  }

  #onBeat(text: string): void {
    const { id, capacity = 0 } = JSON.parse(text) as { id: string; capacity?: number };
    const beats = this.#beats.get(id) ?? [];
    this.#beats.set(id, beats);
    const now = this.#time.monotonic();
    beats.push({ at: now, capacity });
    while ((beats[0] as Beat).at < now - 2 * OLD_NEWS_MS) beats.shift();
  }

  #onEnd(key: string): void {
    const job = parseEndKey(key)?.job ?? '';
    const ends = this.#ends.get(job) ?? [];
    this.#ends.set(job, ends);
    ends.push(this.#time.monotonic());
  }
}
