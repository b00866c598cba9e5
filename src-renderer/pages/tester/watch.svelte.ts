import type { WatchedMessage } from '../../../src-core/http/contract.ts';
import { live } from '../../state/live.svelte.ts';

const MOST = 2_000;

export interface SeenMessage extends WatchedMessage {
  readonly number: number;
}

/** What comes on a subject, the newest last; the oldest go when there are too many. */
export class Watch {
  #messages = $state.raw<readonly SeenMessage[]>([]);
  #held: SeenMessage[] = [];
  #heldCount = $state(0);
  #dropped = $state(0);
  #isPaused = $state(false);
  #error = $state('');
  #next = 1;

  get messages(): readonly SeenMessage[] { return this.#messages; }
  /** Came while paused, shown when it goes on. */
  get held(): number { return this.#heldCount; }
  /** More than the feed or this page carries. */
  get dropped(): number { return this.#dropped; }
  get error(): string { return this.#error; }
  get isPaused(): boolean { return this.#isPaused; }

  /** Begins anew; returns the way to end it. */
  start(subject: string): () => void {
    this.clear();
    this.#error = '';
    const stop = live.listen({
      messages: (items, dropped) => this.#take(items, dropped),
      error: (message) => { if (message.startsWith('watch')) this.#error = message; },
    });
    live.watch(subject);
    return () => {
      stop();
      live.watch(null);
    };
  }

  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (paused) return;
    this.#show(this.#held);
    this.#held = [];
    this.#heldCount = 0;
  }

  clear(): void {
    this.#messages = [];
    this.#held = [];
    this.#heldCount = 0;
    this.#dropped = 0;
  }

  #take(items: readonly WatchedMessage[], dropped: number): void {
    this.#dropped += dropped;
    const numbered = items.map((message) => ({ ...message, number: this.#next++ }));
    if (this.#isPaused) {
      this.#dropped += Math.max(0, this.#held.length + numbered.length - MOST);
      this.#held = [...this.#held, ...numbered].slice(-MOST);
      this.#heldCount = this.#held.length;
    } else this.#show(numbered);
  }

  #show(items: readonly SeenMessage[]): void {
    if (items.length > 0) this.#messages = [...this.#messages, ...items].slice(-MOST);
  }
}
