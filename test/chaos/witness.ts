import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { NAMESPACE } from './load.ts';

/** One publish as plain subscribers saw it. Each publish has a reply subject of its own, so the same run sent twice is two of them. */
export interface Sighting {
  readonly subject: string;
  readonly taskId: string;
  readonly job: string;
  /** '' of lite, which waits for no acknowledgement. */
  readonly reply: string;
  /** 0 of lite. */
  readonly term: number;
  /** Epoch ms, the first time any witness saw it. */
  readonly at: number;
  /** Epoch ms before which it had not come: this process may have stood still since. */
  readonly notBefore: number;
  /** How often the witness that saw it most often did. */
  times: number;
}

/** Epoch ms, both. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const LOOK_MS = 20;

/**
 * Plain core subscribers, one at each server, that keep every publish of a run. A message of the schedule behind a term is the
 * sign that this term fires.
 */
export class Witness {
  readonly sightings = new Map<string, Sighting>();
  /** Times in which a witness may have missed something: cut off from its server. */
  readonly blind: Span[] = [];
  /** Newest term that was seen firing, and when first. */
  term = 0;
  lastAt = 0;
  /** Largest id of a job that fires every second: how far fires are made up for. */
  newestFire = 0n;
  readonly #firstOfTerm = new Map<number, number>();
  readonly #counts: Map<string, number>[] = [];
  readonly #clients: NatsConnection[] = [];
  /** When this process last looked at what had come. */
  #lookedAt = Date.now();
  #looking: NodeJS.Timeout | undefined;

  async start(urls: readonly string[]): Promise<void> {
    this.#looking = setInterval(() => {
      this.#lookedAt = Date.now();
    }, LOOK_MS);
    for (const url of urls) {
      const client = await connect({ servers: url, name: 'chaos witness', maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 10, ignoreClusterUpdates: true, timeout: 5_000, pingInterval: 2_000 });
      this.#clients.push(client);
      const counts = new Map<string, number>();
      this.#counts.push(counts);
      for (const action of ['start', 'pre-start', 'client-start', 'group-start']) {
        for (const prefix of ['natsjob', 'natsjob-void']) client.subscribe(`${prefix}.job.${action}.${NAMESPACE}.>`, { callback: (_error, message) => this.#see(message, counts) });
      }
      for (const subject of ['natsjob.job.monitor', 'natsjob.job.monitor.*.*']) client.subscribe(subject, { callback: (_error, message) => this.#see(message, counts) });
      void this.#watch(client);
      await client.flush();
    }
  }

  /** When a term newer than this one was first seen firing; undefined = not yet. */
  firstAfter(term: number): number | undefined {
    let first: number | undefined;
    for (const [each, at] of this.#firstOfTerm) if (each > term && (first === undefined || at < first)) first = at;
    return first;
  }

  get client(): NatsConnection | undefined {
    return this.#clients.find((client) => !client.isClosed());
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #see(message: Msg, counts: Map<string, number>): void {
    const { taskId, jobName } = message.json<{ taskId: string; jobName: string }>();
    const now = Date.now();
    const term = Number(message.headers?.get('Natsjob-Term') ?? 0);
    const reply = message.reply ?? '';
    const key = `${message.subject} ${taskId} ${reply}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const known = this.sightings.get(key);
    if (known === undefined) this.sightings.set(key, { subject: message.subject, taskId, job: jobName, reply, term, at: now, notBefore: Math.min(now, this.#lookedAt), times: 1 });
    else known.times = Math.max(known.times, count);
    // What follows from answers is sent before fires go on.
    if (message.subject.startsWith('natsjob.job.monitor')) return;
    this.lastAt = now;
    // Retries, second steps and runs by hand may be paid before fires go on.
    if (!jobName.startsWith('max-')) return;
    if (BigInt(taskId) > this.newestFire) this.newestFire = BigInt(taskId);
    this.term = Math.max(this.term, term);
    if (!this.#firstOfTerm.has(term)) this.#firstOfTerm.set(term, now);
  }

  async #watch(client: NatsConnection): Promise<void> {
    let since = 0;
    for await (const { type } of client.status()) {
      if (type === 'disconnect') since = Math.min(Date.now(), this.#lookedAt);
      else if (type === 'reconnect') this.blind.push({ from: since, to: Date.now() });
    }
  }
}
