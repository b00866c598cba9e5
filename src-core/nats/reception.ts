import type { Complaints } from './complaints.ts';
import type { Connection } from './connection.ts';
import type { LogTarget } from './log-reconcile.ts';
import { hasLeader, takesMessages } from './log-reconcile.ts';
import type { PumpTurns } from './pump-turns.ts';

/** A replicated stream that was silent for longer is asked whether it has a leader before it is sent anything. */
const SILENT_MS = 50;
const KNOCK_AGAIN_MS = 50;
const PROBE_TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;

/** What outlives a term: the next one's publisher knows nothing else of what the last one met. */
export interface ReceptionMemory {
  /** The runs stream did not take something: an empty message must come through before any that core subscribers act on. */
  isSuspect: boolean;
  /** Messages that were shown in vain. So many are sent one at a time: there may be room for some of them only. */
  owed: number;
}

export interface ReceptionParts {
  readonly connection: Connection;
  readonly term: number;
  readonly runs: LogTarget;
  readonly turns: PumpTurns;
  readonly isReady: () => boolean;
  readonly complaints: Complaints;
  readonly memory: ReceptionMemory;
}

/**
 * Whether the streams take what they are sent. A message that is refused for the moment, or finds a stream without a leader, was
 * seen by core subscribers all the same; sending it again shows it to them again. So after a refusal an empty message is
 * tried until the stream takes it, also by the next term's publisher, and then one at a time; and a replicated stream is asked for its leader after a silence.
 */
export class Reception {
  readonly #parts: ReceptionParts;
  #refusals = 0;
  /** Of the last refusal. */
  #trouble = '';
  #isAsking = false;
  /** Monotonic ms of the runs stream's last answer. */
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /** One message at a time. */
  get isRefusing(): boolean {
    return this.#refusals > 0 || this.#parts.memory.owed > 0;
  }

  /** '' = none. */
  get problem(): string {
    return this.#refusals > 0 ? this.#trouble : '';
  }

  stored(target: LogTarget): void {
    const { memory } = this.#parts;
    this.#refusals = 0;
    if (memory.owed > 0) memory.owed--;
    if (target === this.#parts.runs) this.#heardAt = performance.now();
  }

  refused(target: LogTarget, reason: string): void {
    this.#say(`${target.stream} takes nothing at the moment: ${reason}`);
    if (target === this.#parts.runs) this.suspect(1);
    this.#holdBack();
  }

  /** The server got them and stored none: its disk may be full or broken. */
  swallowed(messages: number): void {
    this.#say('what was sent is neither answered nor stored');
    this.suspect(messages);
    this.#holdBack();
  }

  /** So many messages that were sent are not stored, or nobody knows: whoever sends them again asks first. */
  suspect(messages: number): void {
    const { memory } = this.#parts;
    memory.isSuspect = true;
    memory.owed += messages;
  }

  /** True when the runs stream must answer before anything is sent: its answer brings the next turn. `bytes`: what the next message weighs. */
  asksFirst(bytes: number): boolean {
    if (this.#parts.memory.isSuspect) void this.#probe(bytes);
    else if (this.#parts.runs.isReplicated && performance.now() - this.#heardAt > SILENT_MS) void this.#knock();
    else return false;
    return true;
  }

  async #probe(bytes: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { connection, term, turns, isReady, memory } = this.#parts;
    const isTaken = await takesMessages(connection, term, PROBE_TIMEOUT_MS, bytes);
    this.#isAsking = false;
    if (isTaken) {
      memory.isSuspect = false;
      this.#refusals = 0;
    } else if (isReady()) this.#holdBack();
    turns.soon();
  }

  async #knock(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { connection, runs, turns, isReady } = this.#parts;
    const isThere = await hasLeader(connection, runs);
    this.#isAsking = false;
    if (isThere) this.#heardAt = performance.now();
    else if (isReady()) turns.later(KNOCK_AGAIN_MS);
    turns.soon();
  }

  #holdBack(): void {
    const { turns } = this.#parts;
    if (turns.isWaiting) return;
    this.#refusals++;
    turns.later(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#refusals - 1, 10)));
  }

  #say(trouble: string): void {
    this.#trouble = trouble;
    this.#parts.complaints.say(trouble);
  }
}
