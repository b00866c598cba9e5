import type { CancelTimer } from '../../ports/clock.ts';
import { HEARTBEAT_PREFIX, heartbeatKey } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';
import type { Identity } from './desk.ts';
import type { Load } from './types.ts';

export interface HeartbeatsOptions {
  readonly connection: WorkerConnection;
  readonly identity: Identity;
  readonly comment: string;
  readonly ip: string;
  load(): Load;
  /** What this worker says of itself: weight, and how many runs it can do at once. */
  state(load: Load): { weight: number; capacity: number };
}

const BEAT_MS = 5_000;
/** A beat that is late is worth nothing, and a stop does not wait for one. */
const GIVE_UP_MS = 1_000;

/** Signs of life, every five seconds and whenever something changes at once. */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #subject: string;
  #cancelTimer: CancelTimer | undefined;
  #underWay = false;
  #isOver = false;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
    const { namespace, app, id } = options.identity;
    this.#subject = HEARTBEAT_PREFIX + heartbeatKey(namespace, app, id);
  }

  /** Now, and from now on; nothing after the last one. */
  beat(): void {
    if (this.#isOver) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.connection.clock.after(BEAT_MS, () => this.beat());
    const load = this.#options.load();
    const text = this.#text(load, this.#options.state(load));
    if (this.#options.connection.state !== 'connected') return;
    // One that is not stored is made up for by the next one.
    const over = (): void => void (this.#underWay = false);
    if (this.#underWay) this.#options.connection.outbox.send(this.#subject, '', text);
    else {
      this.#underWay = true;
      this.#options.connection.publisher.publish(this.#subject, text, { stored: over, refused: over }, { giveUpAfterMs: GIVE_UP_MS });
    }
  }

  /** Says that nothing more is to be sent here. Resolves when that is known, or cannot be said. */
  async last(): Promise<void> {
    this.#isOver = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { connection, load } = this.#options;
    if (connection.state !== 'connected') return;
    const text = this.#text(load(), { weight: 0, capacity: 0 });
    await connection.publisher.store(this.#subject, text, { giveUpAfterMs: GIVE_UP_MS }).catch(() => {});
  }

  #text(load: Load, { weight, capacity }: { weight: number; capacity: number }): string {
    const { identity: { id, namespace, app, group }, comment, ip } = this.#options;
    return JSON.stringify({
      id, namespace, appName: app, ip: ip || undefined, comment: comment || undefined, weight, group: group || undefined, capacity,
      machineCpuUsage: `${load.machineCpu}%`, machineMemoryUsage: `${load.machineMemory}%`,
      processCpuUsage: `${load.processCpu}%`, processMemoryRss: `${Math.round(load.processRss / 1_048_576)} MB`,
    });
  }
}
