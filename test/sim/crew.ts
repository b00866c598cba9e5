import type { MemoryNats } from '../support/memory-nats.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { HEARTBEAT_BUCKET, heartbeatKey } from '../../src-core/wire/index.ts';
import type { Chance } from './chance.ts';

const BEAT_MS = 5000;
const IDS = ['q1', 'q2', 'q3', 'q4'];

interface Hand {
  readonly id: string;
  capacity: number;
  isAlive: boolean;
}

/** Workers that say how many runs they take at once: they come, change, leave with a last word, or are killed without one. */
export class Crew {
  readonly #clock: VirtualClock;
  readonly #nats: MemoryNats;
  readonly #chance: Chance;
  readonly #hands = new Map<string, Hand>();

  constructor(clock: VirtualClock, nats: MemoryNats, chance: Chance) {
    this.#clock = clock;
    this.#nats = nats;
    this.#chance = chance;
  }

  begin(): void {
    this.#join('q1', 3);
    this.#join('q2', 2);
  }

  /** Somebody comes, changes or goes. Tells what happened. */
  stir(): string {
    const id = this.#chance.pick(IDS);
    const hand = this.#hands.get(id);
    if (hand === undefined) {
      const capacity = this.#chance.between(1, 6);
      this.#join(id, capacity);
      return `worker ${id} comes and takes ${capacity}`;
    }
    if (this.#chance.happens(0.2)) {
      hand.capacity = this.#chance.between(1, 6);
      this.#say(hand);
      return `worker ${id} takes ${hand.capacity} from now on`;
    }
    this.#hands.delete(id);
    hand.isAlive = false;
    if (this.#chance.happens(0.5)) return `worker ${id} is killed`;
    hand.capacity = 0;
    this.#say(hand);
    return `worker ${id} leaves`;
  }

  /** Enough of them for what is left to do. */
  gather(): void {
    for (const id of IDS) if (!this.#hands.has(id)) this.#join(id, 3);
  }

  /** Whoever does a run: whether it is still there is asked later. */
  take(): { readonly isAlive: boolean } {
    return this.#hands.size === 0 ? { isAlive: false } : this.#chance.pick([...this.#hands.values()]);
  }

  #join(id: string, capacity: number): void {
    const hand = { id, capacity, isAlive: true };
    this.#hands.set(id, hand);
    this.#beat(hand);
  }

  #beat(hand: Hand): void {
    if (!hand.isAlive) return;
    this.#say(hand);
    this.#clock.after(BEAT_MS, () => this.#beat(hand));
  }

  #say({ id, capacity }: Hand): void {
    this.#nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz', weight: 1, capacity }));
  }
}
