import type { Bus, FeedMessage, LogMessage } from '../../src-core/ports/bus.ts';
import { STREAM } from '../../src-core/wire/index.ts';
import { patiently } from '../support/patiently.ts';

/** A server with buses on it, as the suite needs it. Made for each test, closed after it. */
export interface BusWorld {
  connect(): Promise<Bus>;
  /** Lets the connection of every bus break, and come back. Resolves once it is broken. */
  breakConnections(): Promise<void>;
  /** Empties the server: no stream, no bucket; the connections break and come back. */
  wipe(): Promise<void>;
  /** A plain core subscriber of the runs stream's subjects. */
  listen(onPublish: (subject: string, id: string) => void): Promise<void>;
  close(): Promise<void>;
}

export const OBJECTS = { replicas: 1, maxBytes: 256 * 1024 * 1024 };

/** The world of the test that runs now, and a bus with its objects. */
export class BusStage {
  readonly #open: () => Promise<BusWorld>;
  #world: BusWorld | undefined;
  #bus: Bus | undefined;

  constructor(open: () => Promise<BusWorld>) {
    this.#open = open;
  }

  get world(): BusWorld {
    return this.#world as BusWorld;
  }

  get bus(): Bus {
    return this.#bus as Bus;
  }

  async set(): Promise<void> {
    this.#world = await this.#open();
    this.#bus = await this.world.connect();
    await patiently(() => this.bus.ensureObjects(OBJECTS));
  }

  async strike(): Promise<void> {
    await this.#world?.close();
  }

  async readAll(from = 1, stream = STREAM): Promise<FeedMessage[]> {
    const got: FeedMessage[] = [];
    const feed = this.bus.openFeed({ stream, from, maxPayloadBytes: 1_000, onMessage: (each) => got.push(each), onLost: () => {} });
    await feed.caughtUp();
    await feed.stop();
    return got;
  }
}

export function message(id: string, more: Partial<LogMessage> = {}): LogMessage {
  return { subject: 'natsjob.job.start.ns.app.job', text: `text of ${id}`, id, runHeader: '', giveUpAt: Date.now() + 600_000, onSettled: () => {}, ...more };
}

/** Resolves to the sequences. */
export function publishAll(target: Bus, all: readonly string[], more: Partial<LogMessage> = {}): Promise<number[]> {
  const log = target.openLog({ term: 7, maySend: () => true });
  return Promise.all(all.map((id) => new Promise<number>((resolve) => log.publish(message(id, { ...more, onSettled: resolve })))));
}

export function ids(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Resolves when the bus has lost its connection and has one again; to be called before what breaks it, awaited behind. */
export function comingBack(bus: Bus): Promise<void> {
  return new Promise((resolve) => {
    let isLost = false;
    const stop = bus.onState((state) => {
      if (state === 'disconnected') isLost = true;
      if (!isLost || state !== 'connected') return;
      stop();
      resolve();
    });
  });
}

/** Waits for a condition; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick(2);
}

export function tick(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
