import type { MemoryNats } from '../support/memory-nats.ts';
import { HEARTBEAT_BUCKET, heartbeatKey, RESULTS_BUCKET } from '../../src-core/wire/index.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chance } from './chance.ts';
import { QUEUE_NAMES } from './cast.ts';
import { Crew } from './crew.ts';

interface Order {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobEndKvKey: string;
}

/** Programs that run jobs, not always well: they answer late, twice, nonsense, or not at all. */
export class ScriptedWorkers {
  /** Runs that have a flow report. */
  readonly reported = new Set<string>();
  /** Those who do the runs of queues. */
  readonly crew: Crew;
  readonly #clock: VirtualClock;
  readonly #nats: MemoryNats;
  readonly #chance: Chance;
  #isHonest = false;

  constructor(clock: VirtualClock, nats: MemoryNats, chance: Chance) {
    this.#clock = clock;
    this.#nats = nats;
    this.#chance = chance;
    this.crew = new Crew(clock, nats, chance);
    nats.listen((subject, text) => {
      if (/^natsjob\.job\.(start|pre-start|client-start|group-start)\./.test(subject)) this.#onOrder(JSON.parse(text) as Order);
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
    if (happens(0.04)) this.#reportAfter(this.#chance.between(0, 600), order);
    const isFirstStep = order.jobEndKvKey.includes('.pre-end.');
    const words = isFirstStep ? ['success:next', 'success:next', 'fail'] : ['success', 'success', 'success', 'fail'];
    const delayMs = this.#chance.between(0, 900);
    const answer = JSON.stringify({ status: pick.pick(words), reason: `of ${order.taskId}`, monitorStatus: happens(0.2) ? 'm' : '' });
    if (QUEUE_NAMES.has(order.jobName)) this.#workOff(delayMs, order, answer);
    else this.#answerAfter(delayMs, order, answer);
    if (happens(0.1)) this.#answerAfter(this.#chance.between(0, 4000), order, pick.pick(words));
  }

  #answerAfter(delayMs: number, { jobEndKvKey }: Order, text: string): void {
    this.#clock.after(delayMs, () => void this.#nats.put(RESULTS_BUCKET, jobEndKvKey, text));
  }

  /** By one of the crew; when that one is gone by then, another may get the message again, or nobody does. */
  #workOff(delayMs: number, order: Order, text: string): void {
    const hand = this.crew.take();
    this.#clock.after(delayMs, () => {
      if (hand.isAlive || this.#isHonest) this.#answerAfter(0, order, text);
      else if (this.#chance.happens(0.5)) this.#workOff(this.#chance.between(100, 2000), order, text);
    });
  }

  #reportAfter(delayMs: number, { taskId, jobName }: Order): void {
    this.reported.add(taskId);
    const text = JSON.stringify({ taskId, namespace: 'app', appName: 'biz', jobName, clientId: 'w1', sceneId: 's', status: 'half', monitorStatus: this.#chance.happens(0.5) ? 'm' : '' });
    this.#clock.after(delayMs, () => void this.#nats.publish('natsjob.job.sub-result-flow', text));
  }

  #beat(): void {
    for (const [id, group] of [['w1', 'red'], ['w2', 'blue']] as const) {
      this.#nats.put(HEARTBEAT_BUCKET, heartbeatKey('app', 'biz', id), JSON.stringify({ id, namespace: 'app', appName: 'biz', weight: 1, group }));
    }
    this.#clock.after(5000, () => this.#beat());
  }
}
