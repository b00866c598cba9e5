import type { Bus, BucketWatch } from '../ports/index.ts';
import { CONTROL_BUCKET } from '../wire/index.ts';

/** `text` undefined = deleted. `isOld`: the entry was there before the watch. */
export type OnControlEntry = (key: string, text: string | undefined, isOld: boolean) => void;

/** Reads what the nodes agree on from the control bucket and tells it to all who asked. */
export class ControlWatch {
  readonly #bus: Bus;
  readonly #listeners: readonly OnControlEntry[];
  #watch: BucketWatch | undefined;

  constructor(bus: Bus, listeners: readonly OnControlEntry[]) {
    this.#bus = bus;
    this.#listeners = listeners;
  }

  /** Resolves once all entries have been told; after that breaks are mended without a word. Rejects with UnavailableError. */
  async start(): Promise<void> {
    if (this.#watch !== undefined) return;
    let isOld = true;
    this.#watch = await this.#bus.watch(CONTROL_BUCKET, (key, text) => {
      for (const listener of this.#listeners) listener(key, text, isOld);
    });
    isOld = false;
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
    this.#watch = undefined;
  }
}
