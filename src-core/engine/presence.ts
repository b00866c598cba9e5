import { UnavailableError } from '../domain/errors.ts';
import type { Bucket, CancelTimer, GapView, ServerView } from '../ports/index.ts';
import { CONTROL_BUCKET, isServerKey, serverKey } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import type { ResultsMark } from './results-mark.ts';
import { decodeServer, encodeServer } from './server-codec.ts';
import type { ServerEntry } from './server-codec.ts';

const BEAT_MS = 5_000;
/** Three beats. */
const SILENCE_MS = 15_000;
const FORGET_MS = 24 * 3_600_000;

/** Who else is there: every node writes itself into the control bucket every five seconds, and when its role changes, and reads the others. */
export class Presence {
  readonly #context: EngineContext;
  readonly #entry: () => Promise<ServerEntry>;
  readonly #bucket: Bucket;
  readonly #ownKey: string;
  readonly #others = new Map<string, ServerEntry>();
  /** Of the own entry, as far as it is known. */
  #revision = 0;
  #cancel: CancelTimer = () => {};
  #beating: Promise<void> | undefined;
  #isAgain = false;
  #isStopped = true;

  constructor(context: EngineContext, entry: () => Promise<ServerEntry>) {
    this.#context = context;
    this.#entry = entry;
    this.#bucket = context.bus.bucket(CONTROL_BUCKET);
    this.#ownKey = serverKey(context.config.nodeId);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#beat();
  }

  /** Takes the own entry away, so that nobody waits for it to grow old. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#beating;
    if (this.#revision === 0 || this.#context.bus.state !== 'connected') return;
    await this.#bucket.compareAndDelete(this.#ownKey, this.#revision).catch(ignoreAbsence);
  }

  /** The other nodes seen in the last 15 s. */
  others(): readonly ServerView[] {
    return this.#live().map(({ server }) => server);
  }

  /** The last time in which nobody decided fires, as that node tells it. */
  lastGapOf(id: string | undefined): GapView | undefined {
    return this.#live().find(({ server }) => server.id === id)?.lastGap;
  }

  /** How far each of them is done with the results stream; undefined of one that does not tell. */
  othersResults(): readonly (ResultsMark | undefined)[] {
    return this.#live().map(({ results }) => results);
  }

  /** The others shall know at once. */
  beatNow(): void {
    if (this.#isStopped) return;
    this.#cancel();
    if (this.#beating === undefined) this.#beat();
    else this.#isAgain = true;
  }

  /** All others that left an entry and did not take it away, lately or long ago. */
  known(): readonly ServerView[] {
    return [...this.#others.values()].map(({ server }) => server);
  }

  /** `isOld`: the entry was there when reading began; when it was written only its own clock says. */
  apply(key: string, text: string | undefined, isOld: boolean): void {
    if (!isServerKey(key) || key === this.#ownKey) return;
    const now = this.#context.clock.now();
    const entry = text === undefined ? undefined : decodeServer(text);
    if (entry === undefined || serverKey(entry.server.id) !== key) this.#others.delete(key);
    else this.#others.set(key, { ...entry, server: { ...entry.server, lastSeenAt: isOld ? Math.min(now, entry.server.lastSeenAt) : now } });
  }

  #live(): readonly ServerEntry[] {
    const now = this.#context.clock.now();
    return [...this.#others.values()].filter(({ server }) => now - server.lastSeenAt < SILENCE_MS);
  }

  #beat(): void {
    this.#isAgain = false;
    this.#beating = this.#write().catch(ignoreAbsence).finally(() => {
      this.#beating = undefined;
      if (this.#isStopped) return;
      if (this.#isAgain) this.#beat();
      else this.#cancel = this.#context.clock.after(BEAT_MS, () => this.#beat());
    });
  }

  async #write(): Promise<void> {
    if (this.#context.bus.state !== 'connected') return;
    const text = encodeServer(await this.#entry());
    const revision = await this.#bucket.compareAndSet(this.#ownKey, text, this.#revision);
    // Left by an earlier process of this node, or the bucket is another one.
    this.#revision = revision ?? (await this.#bucket.get(this.#ownKey))?.revision ?? 0;
    if (revision === undefined) this.#revision = (await this.#bucket.compareAndSet(this.#ownKey, text, this.#revision)) ?? this.#revision;
    await this.#forgetOld();
  }

  async #forgetOld(): Promise<void> {
    for (const [key, { server: { lastSeenAt } }] of this.#others) {
      if (this.#context.clock.now() - lastSeenAt < FORGET_MS) continue;
      const entry = await this.#bucket.get(key);
      if (entry !== undefined) await this.#bucket.compareAndDelete(key, entry.revision);
      this.#others.delete(key);
    }
  }
}

/** The next beat tries again. */
function ignoreAbsence(error: unknown): void {
  if (!(error instanceof UnavailableError)) throw error;
}
