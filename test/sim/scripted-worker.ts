import type { MemoryNats } from '../support/memory-nats.ts';
import { HEARTBEAT_BUCKET, heartbeatKey, RESULTS_BUCKET } from '../../src-core/wire/index.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chance } from './chance.ts';

interface Order {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobEndKvKey: string;
}

/** Programs that run jobs, not always well: they answer late, twice, nonsense, or not at all. */
export class ScriptedWorkers {
  readonly #clock: VirtualClock;
  readonly #nats: MemoryNats;
  readonly #chance: Chance;
  #isHonest = false;

  constructor(clock: VirtualClock, nats: MemoryNats, chance: Chance) {
    this.#clock = clock;
    this.#nats = nats;
    this.#chance = chance;
    nats.listen((subject, text) => {
      if (/^natsjob\.job\.(start|pre-start|client-start)\./.test(subject)) this.#onOrder(JSON.parse(text) as Order);
    });
    this.#beat();
  }

  /** From now on everything is answered, once and soon. */
  behave(): void {
    this.#isHonest = true;
  }

  #onOrder(order: Order): void {
    if (order.jobEndKvKey === '') return;
    const { happens, pick } = { happens: (probability: number) => !this.#isHonest && this.#chance.happens(probability), pick: this.#chance };
    if (happens(0.06)) return;
    if (happens(0.05)) this.#answerAfter(this.#chance.between(0, 800), order, '{nonsense');
    const isFirstStep = order.jobEndKvKey.includes('.pre-end.');
    const words = isFirstStep ? ['success:next', 'success:next', 'fail'] : ['success', 'success', 'success', 'fail'];
    this.#answerAfter(this.#chance.between(0, 900), order, JSON.stringify({ status: pick.pick(words), reason: `of ${order.taskId}`, monitorStatus: happens(0.2) ? 'm' : '' }));
    if (happens(0.1)) this.#answerAfter(this.#chance.between(0, 4000), order, pick.pick(words));
  }

  #answerAfter(delayMs: number, { jobEndKvKey }: Order, text: string): void {
    this.#clock.after(delayMs, () => void this.#nats.put(RESULTS_BUCKET, jobEndKvKey, text));
  }

  #beat(): void {
    for (const id of ['w1', 'w2']) {
      this.#nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz', weight: 1 }));
    }
    this.#clock.after(5000, () => this.#beat());
  }
}
