import { NodeFaultError, NodeIdTakenError, UnavailableError } from '../domain/errors.ts';
import { CONTROL_BUCKET, nodeIdKey } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { NodeCalls } from './node-calls.ts';

interface Owner {
  readonly process: string;
  readonly host: string;
  readonly pid: number;
}

const WHO = 'who';
/** NATS says at once when nobody is there. Who does not answer may be busy, or stand still for a moment, and is not to lose its id for that. */
const WHO_MS = 5_000;

/**
 * One process for each node id. Each process has a random name of its own, and writes it, by compare-and-set, to an entry
 * of the control bucket that stands for the node id. It asks first: as long as another process answers under the same id,
 * this one takes no part. One that could not answer then, paused or cut off, finds the entry changed when it is back, and
 * takes no part from then on.
 *
 * Firing does not hang on this: the lease bears the process's name, not the node's alone. What would go wrong are calls
 * between nodes, which reach whoever listens under the id.
 */
export class Identity {
  /** Why this process takes no part; '' when it does. */
  problem = '';
  readonly #context: EngineContext;
  readonly #calls: NodeCalls;
  readonly #lost: (problem: string) => void;
  readonly #key: string;
  readonly #own: Owner;
  #revision = 0;

  constructor(context: EngineContext, calls: NodeCalls, lost: (problem: string) => void) {
    const { config: { nodeId, processId, host, pid } } = context;
    this.#context = context;
    this.#calls = calls;
    this.#lost = lost;
    this.#key = nodeIdKey(nodeId);
    this.#own = { process: processId, host, pid };
    calls.serve(WHO, async () => ({ value: this.#own }));
  }

  /** Before calls are answered. Rejects with NodeIdTakenError, or UnavailableError when NATS does not answer. */
  async claim(): Promise<void> {
    const bucket = this.#context.bus.bucket(CONTROL_BUCKET);
    const entry = await bucket.get(this.#key);
    if (entry !== undefined && readOwner(entry.text)?.process === this.#own.process) {
      // Written by a claim that had no answer, or by one before.
      this.#revision = entry.revision;
    } else {
      const other = await this.#whoAnswers();
      if (other !== undefined && other.process !== this.#own.process) throw this.#taken(other);
      const revision = await bucket.compareAndSet(this.#key, JSON.stringify(this.#own), entry?.revision ?? 0);
      if (revision === undefined) throw this.#taken(readOwner((await bucket.get(this.#key))?.text));
      this.#revision = revision;
    }
    this.problem = '';
  }

  /** Entries of the control bucket as they change. */
  apply(key: string, text: string | undefined): void {
    if (key !== this.#key || text === undefined || this.#revision === 0) return;
    const owner = readOwner(text);
    if (owner?.process !== this.#own.process) void this.#doubt(owner);
  }

  async release(): Promise<void> {
    const { bus } = this.#context;
    const revision = this.#revision;
    this.#revision = 0;
    if (revision === 0 || bus.state !== 'connected') return;
    await bus.bucket(CONTROL_BUCKET).compareAndDelete(this.#key, revision).catch((error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
    });
  }

  /** A server of a cluster may tell an entry that is older than ours: its leader knows. When that cannot be asked, the claim is made anew. */
  async #doubt(owner: Owner | undefined): Promise<void> {
    const revision = this.#revision;
    const entry = await this.#context.bus.bucket(CONTROL_BUCKET).get(this.#key).catch(() => undefined);
    if (this.#revision !== revision || readOwner(entry?.text)?.process === this.#own.process) return;
    this.#revision = 0;
    this.#lost(this.#taken(owner).message);
  }

  #taken(owner: Owner | undefined): NodeIdTakenError {
    const error = new NodeIdTakenError(this.#context.config.nodeId, owner?.host ?? '', owner?.pid ?? 0);
    this.problem = error.message;
    return error;
  }

  /** Undefined: nobody, or nobody who can answer now. */
  async #whoAnswers(): Promise<Owner | undefined> {
    try {
      const { value } = await this.#calls.ask(this.#context.config.nodeId, WHO, null, WHO_MS);
      return asOwner(value) ?? NOBODY;
    } catch (error) {
      // Somebody is there who does not know the question.
      if (error instanceof NodeFaultError) return NOBODY;
      if (error instanceof UnavailableError && this.#context.bus.state === 'connected') return undefined;
      throw error;
    }
  }
}

const NOBODY: Owner = { process: '', host: '', pid: 0 };

function readOwner(text: string | undefined): Owner | undefined {
  try {
    return text === undefined ? undefined : asOwner(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asOwner(value: unknown): Owner | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { process, host, pid } = value as Partial<Record<keyof Owner, unknown>>;
  return typeof process === 'string' && typeof host === 'string' && typeof pid === 'number' ? { process, host, pid } : undefined;
}
