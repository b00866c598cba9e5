import type { CleanRequest } from '../../src-core/ports/index.ts';
import type { AskedRun } from '../../src-core/wire/index.ts';
import type { Role } from './cast.ts';
import { QUEUE_NAMES } from './cast.ts';
import type { Story } from './story.ts';

const STATES: readonly CleanRequest['state'][] = ['completed', 'completed', 'failed', 'expired', 'cancelled', 'waiting', 'delayed'];

/** Those who use jobs as queues: they ask for runs with options of their own, stop and start a queue, and clean up. */
export class QueuePeople {
  readonly #story: Story;

  constructor(story: Story) {
    this.#story = story;
  }

  ask(): void {
    const { chance, clock, people, queueWatch } = this.#story;
    const name = this.#pick().name;
    const runs = Array.from({ length: chance.pick([1, 3, 10]) }, (): AskedRun => ({
      args: `own ${chance.between(1, 9)}`, priority: chance.between(1, 20),
      ...(chance.happens(0.4) ? { delayMs: chance.between(1, 4000) } : {}),
      ...(chance.happens(0.4) ? { attempts: chance.between(1, 4) } : {}),
      ...(chance.happens(0.4) ? { timeoutMs: chance.between(300, 3000) } : {}),
      ...(chance.happens(0.4) ? { backoff: { type: chance.pick(['fixed', 'exponential']), delayMs: chance.between(0, 1500) } } : {}),
    }));
    const at = clock.now();
    for (const [index, id] of people.ask(name, runs).entries()) queueWatch.asked(id, runs[index] as AskedRun, at);
  }

  halt(): void {
    const { chance, people } = this.#story;
    people.change({ name: this.#pick().name, wanted: chance.pick(['paused', 'paused', 'enabled', 'disabled']) });
  }

  /** Of any job that has rows; on some node, without waiting. */
  clean(wanted?: CleanRequest): void {
    const { alive, cast, chance } = this.#story;
    if (alive.length === 0) return;
    const name = chance.happens(0.6) ? this.#pick().name : chance.pick(cast.roles.filter(({ keepsRows }) => keepsRows)).name;
    const request = wanted ?? { state: chance.pick(STATES), olderThanMs: chance.pick([0, 0, 500, 3000]), limit: chance.pick([1, 5, 1000]) };
    const { nodeId, node } = chance.pick(alive);
    this.#story.note(`${nodeId} is to clean ${request.limit} ${request.state} of ${name} older than ${request.olderThanMs}`);
    node.scheduler.api.jobs.clean(`app.biz.${name}`, request).catch(() => undefined);
  }

  #pick(): Role {
    const { cast, chance } = this.#story;
    return chance.pick(cast.roles.filter(({ name }) => QUEUE_NAMES.has(name)));
  }
}
