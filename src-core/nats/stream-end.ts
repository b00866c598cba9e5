import type { StreamInfo } from '@nats-io/jetstream';

/** How long a replicated stream may seem to end before what was read of it: a server that has just come to lead may be behind. */
const BEHIND_MS = 15_000;

/** Tells a stream that has lost its end from one whose leader has not come to it yet. */
export class StreamEnd {
  /** Monotonic ms. */
  #behindSince: number | undefined;

  /** Whether the stream still has what stood at the position. Throws while that cannot be told. */
  reaches(position: number, { state, config }: Pick<StreamInfo, 'state' | 'config'>): boolean {
    if (state.last_seq >= position) this.#behindSince = undefined;
    else if (config.num_replicas > 1 && performance.now() - (this.#behindSince ??= performance.now()) < BEHIND_MS) throw new Error(`it ends at ${state.last_seq} just now`);
    return state.last_seq >= position;
  }
}
