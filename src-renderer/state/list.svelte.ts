import type { Page } from '../../src-core/http/contract.ts';
import { ApiError } from '../api/client.ts';

/** loading: nothing to show yet; ready; failed: `error` says why, and what was there before still is. */
export type ListState = 'loading' | 'ready' | 'failed';

export interface ListOptions<T> {
  /** One page; `cursor` undefined = the first. Must heed the signal. */
  load(cursor: string | undefined, signal: AbortSignal): Promise<Page<T>>;
  key(item: T): string;
}

/**
 * One page of a list at a time, with the way back kept. A reload replaces items in place; answers that come
 * too late for what is asked now are dropped.
 */
export class PagedList<T> {
  #items = $state.raw<readonly T[]>([]);
  #state = $state<ListState>('loading');
  #error = $state.raw<ApiError | undefined>();
  #cursors = $state.raw<readonly string[]>([]);
  #nextCursor = $state<string | null>(null);
  #isBusy = $state(false);
  #asking: AbortController | undefined;
  #reading = Promise.resolve();
  readonly #options: ListOptions<T>;

  constructor(options: ListOptions<T>) {
    this.#options = options;
  }

  get items(): readonly T[] { return this.#items; }
  get state(): ListState { return this.#state; }
  get error(): ApiError | undefined { return this.#error; }
  get isBusy(): boolean { return this.#isBusy; }
  /** From 1. */
  get page(): number { return this.#cursors.length + 1; }
  get hasNext(): boolean { return this.#nextCursor !== null; }
  get hasPrevious(): boolean { return this.#cursors.length > 0; }

  /** The first page, for another question: what was shown goes. */
  restart(): Promise<void> {
    this.#items = [];
    this.#state = 'loading';
    return this.first();
  }

  /** The first page; what is shown stays until it is there. */
  first(): Promise<void> {
    return this.#turnTo([]);
  }

  /** The same page again. */
  reload(): Promise<void> {
    return this.#turnTo(this.#cursors);
  }

  next(): Promise<void> {
    return this.#nextCursor === null ? Promise.resolve() : this.#turnTo([...this.#cursors, this.#nextCursor]);
  }

  previous(): Promise<void> {
    return this.#turnTo(this.#cursors.slice(0, -1));
  }

  /** Once nothing is being read: an answer on its way may be older than what is told meanwhile. */
  async settled(): Promise<void> {
    while (this.#isBusy) await this.#reading.catch(() => {});
  }

  /** Puts newer values in the place of those with the same key; nothing moves, and what is no different stays as it is. True when one was there. */
  merge(values: readonly T[]): boolean {
    const { key } = this.#options;
    const newer = new Map(values.map((value) => [key(value), value]));
    if (!this.#items.some((item) => newer.has(key(item)))) return false;
    this.#items = this.#items.map((item) => {
      const value = newer.get(key(item));
      return value === undefined || JSON.stringify(value) === JSON.stringify(item) ? item : value;
    });
    return true;
  }

  /**
   * Reads the same page again and puts newer values in place, but adds, drops and moves nothing: for what is read
   * behind the person's back. True when other things are there now than are shown. What goes wrong is not told.
   */
  async renew(): Promise<boolean> {
    if (this.#isBusy || this.#state !== 'ready') return false;
    const { load, key } = this.#options;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const page = await load(this.#cursors.at(-1), asking.signal);
      if (asking.signal.aborted) return false;
      this.#error = undefined;
      this.merge(page.items);
      return page.items.length !== this.#items.length || page.items.some((item, index) => key(item) !== key(this.#items[index]!));
    } catch (error) {
      if (asking.signal.aborted || error instanceof ApiError) return false;
      throw error;
    }
  }

  /** Gives up what is being asked: the list is looked at no more. */
  stop(): void {
    this.#asking?.abort();
  }

  #turnTo(cursors: readonly string[]): Promise<void> {
    return (this.#reading = this.#read(cursors));
  }

  async #read(cursors: readonly string[]): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#isBusy = true;
    try {
      const page = await this.#options.load(cursors.at(-1), asking.signal);
      if (asking.signal.aborted) return;
      this.#items = page.items;
      this.#nextCursor = page.nextCursor;
      this.#cursors = cursors;
      this.#error = undefined;
      this.#state = 'ready';
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
      this.#state = 'failed';
    } finally {
      if (this.#asking === asking) this.#isBusy = false;
    }
  }
}

/** One thing that is read, shown, and read again. */
export class Loaded<T> {
  #value = $state.raw<T | undefined>();
  #error = $state.raw<ApiError | undefined>();
  #isBusy = $state(false);
  #asking: AbortController | undefined;
  readonly #load: (signal: AbortSignal) => Promise<T>;

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
  }

  get value(): T | undefined { return this.#value; }
  get error(): ApiError | undefined { return this.#error; }
  get isBusy(): boolean { return this.#isBusy; }
  get state(): ListState {
    if (this.#error) return 'failed';
    return this.#value === undefined ? 'loading' : 'ready';
  }

  /** A value that came by another way. An answer on its way may be older: it is asked for again. */
  set(value: T): void {
    this.#value = value;
    this.#error = undefined;
    if (this.#isBusy) void this.reload();
  }

  /** Forgets what is shown: another thing is asked for. */
  clear(): void {
    this.#value = undefined;
    this.#error = undefined;
  }

  async reload(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#isBusy = true;
    try {
      const value = await this.#load(asking.signal);
      if (asking.signal.aborted) return;
      this.#value = value;
      this.#error = undefined;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    } finally {
      if (this.#asking === asking) this.#isBusy = false;
    }
  }

  stop(): void {
    this.#asking?.abort();
  }
}
