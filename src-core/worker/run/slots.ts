/** What can be started: a run of one lane. */
export interface Waiting {
  readonly lane: Lane;
  /** Returns at once; `Slots.release` is called when the run is done, perhaps before this returns. */
  begin(): void;
}

/** The runs of one handler: how many at once, and those that wait for their turn. */
export class Lane {
  readonly limit: number;
  running = 0;
  /** Runs done since the start. */
  done = 0;
  #queue: Waiting[] = [];
  #head = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  push(task: Waiting): void {
    this.#queue.push(task);
  }

  shift(): Waiting | undefined {
    const task = this.#queue[this.#head];
    if (task === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head >= 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return task;
  }

  /** Takes out those that fit. */
  remove(condition: (task: Waiting) => boolean): Waiting[] {
    const gone: Waiting[] = [];
    this.#queue = this.#queue.slice(this.#head).filter((task) => !condition(task) || gone.push(task) === 0);
    this.#head = 0;
    return gone;
  }
}

/**
 * Who is to be worked on: at most `limit` runs at once in all, at most a lane's limit of one handler's; lanes that wait
 * take turns. Counts handlers, not answers under way.
 */
export class Slots {
  readonly limit: number;
  running = 0;
  readonly #lanes: Lane[] = [];
  #turn = 0;
  #pumping = false;
  #idle: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  get lanes(): number {
    return this.#lanes.length;
  }

  get waiting(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  }

  add(lane: Lane): void {
    this.#lanes.push(lane);
  }

  remove(lane: Lane): void {
    const at = this.#lanes.indexOf(lane);
    if (at >= 0) this.#lanes.splice(at, 1);
  }

  take(task: Waiting): void {
    task.lane.push(task);
    this.#pump();
  }

  /** A run that had begun is done. */
  release(lane: Lane): void {
    lane.running--;
    lane.done++;
    this.running--;
    this.#pump();
    if (this.running === 0 && this.#idle.length > 0 && this.waiting === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void> {
    if (this.running === 0 && this.waiting === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** A loop, because a run that is done at once begins the next one in here. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.running < this.limit) {
      const task = this.#next();
      if (task === undefined) break;
      task.lane.running++;
      this.running++;
      task.begin();
    }
    this.#pumping = false;
  }

  #next(): Waiting | undefined {
    const lanes = this.#lanes;
    for (let tried = 0; tried < lanes.length; tried++) {
      const lane = lanes[this.#turn++ % lanes.length] as Lane;
      const task = lane.running < lane.limit ? lane.shift() : undefined;
      if (task !== undefined) return task;
    }
    return undefined;
  }
}
