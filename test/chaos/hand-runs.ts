import { APPS, BY_HAND, NAMESPACE } from './load.ts';
import { inTime } from './node.ts';
import type { SchedulerNode } from './node.ts';

const LONGEST_DELAY_MS = 3_000;
const LONGEST_GAP_MS = 700;

/** Asks random nodes to run a job, now or a little later, one request after the other. What a node said yes to has to happen. */
export class HandRuns {
  readonly accepted: string[] = [];
  /** Answered with anything else. */
  refused = 0;
  /** Nobody can tell whether those were heard. */
  unanswered = 0;
  readonly #nodes: readonly SchedulerNode[];
  readonly #random: () => number;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(nodes: readonly SchedulerNode[], random: () => number) {
    this.#nodes = nodes;
    this.#random = random;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const [which, app, delay, gap] = [this.#random(), this.#random(), this.#random(), this.#random()];
      const node = this.#nodes[Math.floor(which * this.#nodes.length)] as SchedulerNode;
      if (node.child.isAwake) await this.#ask(node, APPS[Math.floor(app * APPS.length)] as string, delay < 0.3 ? 0 : Math.floor(delay * LONGEST_DELAY_MS));
      await new Promise((resolve) => setTimeout(resolve, gap * LONGEST_GAP_MS));
    }
  }

  async #ask(node: SchedulerNode, app: string, delayMs: number): Promise<void> {
    try {
      const { status, body } = await inTime(node.api.post(`/jobs/${NAMESPACE}.${app}.${BY_HAND}-${app}/run`, { delayMs }));
      if (status === 202) this.accepted.push(body.taskId as string);
      else this.refused++;
    } catch {
      this.unanswered++;
    }
  }
}
