import type { LiveChanges, LiveCounters, LiveFrame, OverviewResource, Role, ServerResource, WatchedMessage } from '../../src-core/http/contract.ts';
import { ApiError, api, liveUrl } from '../api/client.ts';
import { every } from './every.ts';
import { session } from './session.svelte.ts';
import { scope } from './scope.svelte.ts';

/**
 * off: nobody is logged in; connecting: not there yet; live; paused: by the person or because the tab is hidden; stale: it was
 * there and is lost; polling: the server answers, but whatever stands between does not let the WebSocket through.
 */
export type LiveState = 'off' | 'connecting' | 'live' | 'paused' | 'stale' | 'polling';

export interface LiveListener {
  changes?(changes: LiveChanges): void;
  /** Changes were missed: what is shown has to be read anew. */
  reset?(): void;
  messages?(items: readonly WatchedMessage[], dropped: number): void;
  /** The feed refused something that was asked of it. */
  error?(message: string): void;
}

const NOT_LOGGED_IN = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const POLL_MS = 5_000;
/** Sockets that never spoke before the page asks by itself instead. */
const MUTE_SOCKETS = 2;

type WatchFrame = { readonly seq: number; readonly type: 'messages'; readonly items: readonly WatchedMessage[]; readonly dropped: number };

/** The one WebSocket of this tab. It goes on from the last number it saw. */
class Live {
  #state = $state<LiveState>('off');
  #staleSince = $state<number | undefined>();
  #byHand = $state(false);
  #role = $state<Role | undefined>();
  #term = $state<number | undefined>();
  #natsConnected = $state(true);
  #version = $state('');
  #counters = $state.raw<LiveCounters | undefined>();
  #socket: WebSocket | undefined;
  #seq: number | undefined;
  #failures = 0;
  /** Whether a socket of this session ever spoke. */
  #hasSpoken = false;
  #stopPolling: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: string | null = null;
  readonly #listeners = new Set<LiveListener>();

  get state(): LiveState { return this.#state; }
  /** Since when nothing has come, in milliseconds of the clock; undefined while all is well. */
  get staleSince(): number | undefined { return this.#staleSince; }
  get isPausedByHand(): boolean { return this.#byHand; }
  get role(): Role | undefined { return this.#role; }
  get term(): number | undefined { return this.#term; }
  get natsConnected(): boolean { return this.#natsConnected; }
  get version(): string { return this.#version; }
  /** Of the namespace in view. */
  get counters(): LiveCounters | undefined { return this.#counters; }

  /** Follows the session, the namespace and the tab's visibility. */
  start(): void {
    $effect.root(() => {
      $effect(() => {
        if (session.token === undefined) this.#close();
        else this.#open();
      });
      $effect(() => {
        void scope.namespace;
        this.#counters = undefined;
        this.#subscribe();
      });
    });
    document.addEventListener('visibilitychange', () => this.#tellPause());
    addEventListener('online', () => this.#retryNow());
  }

  /** Returns the way to stop listening. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pause(paused: boolean): void {
    this.#byHand = paused;
    this.#tellPause();
  }

  /** Which subject's messages to bring; null = none. */
  watch(subject: string | null): void {
    this.#watched = subject;
    this.#send({ watch: subject });
  }

  #open(): void {
    if (this.#socket) return;
    clearTimeout(this.#timer);
    if (this.#state === 'off') this.#state = 'connecting';
    const socket = new WebSocket(liveUrl(), 'natsjob');
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#send({ token: session.token });
      this.#subscribe();
      if (this.#watched !== null) this.#send({ watch: this.#watched });
      if (this.#shouldPause) this.#send({ pause: true });
    });
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(data as string) as LiveFrame | WatchFrame));
    socket.addEventListener('close', ({ code }) => this.#lost(socket, code));
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#endPolling();
    this.#hasSpoken = false;
    this.#failures = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#state = 'off';
    this.#staleSince = undefined;
    this.#counters = undefined;
    this.#seq = undefined;
  }

  #lost(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (code === NOT_LOGGED_IN) {
      void session.refresh();
      if (session.token === undefined) return;
    }
    if (!this.#hasSpoken && this.#failures + 1 >= MUTE_SOCKETS) this.#poll();
    else {
      this.#state = 'stale';
      this.#staleSince ??= Date.now();
    }
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#open(), wait * (0.7 + Math.random() * 0.6));
  }

  /** No socket gets through: lists are read anew from time to time instead. */
  #poll(): void {
    this.#stopPolling ??= every(POLL_MS, () => void this.#ask());
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#byHand) return;
    try {
      const [overview, servers] = await Promise.all([
        api.get<OverviewResource>('overview', { namespace: scope.filter }),
        api.get<{ items: readonly ServerResource[] }>('servers'),
      ]);
      if (this.#stopPolling === undefined) return;
      const own = servers.items.find(({ role }) => role === 'leader') ?? servers.items[0];
      this.#counters = { ...overview, projectionLag: own?.projectionLag ?? 0, unackedPublishes: 0, natsRoundTripMs: own?.natsRoundTripMs ?? null };
      this.#role = own?.role;
      this.#term = own?.term;
      this.#natsConnected = own?.natsConnected ?? true;
      this.#version = own?.version ?? '';
      this.#staleSince = undefined;
      this.#state = 'polling';
      this.#reset();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#stopPolling === undefined) return;
      this.#state = 'stale';
      this.#staleSince ??= Date.now();
    }
  }

  #endPolling(): void {
    this.#stopPolling?.();
    this.#stopPolling = undefined;
  }

  #retryNow(): void {
    if (!this.#socket && this.#state !== 'off') this.#open();
  }

  get #shouldPause(): boolean {
    return this.#byHand || document.hidden;
  }

  #tellPause(): void {
    this.#send({ pause: this.#shouldPause });
    if (this.#socket && (this.#state === 'live' || this.#state === 'paused')) this.#state = this.#shouldPause ? 'paused' : 'live';
  }

  #subscribe(): void {
    const { namespace } = scope;
    this.#send({ subscribe: { ...(namespace === '' ? {} : { namespace }) }, ...(this.#seq === undefined ? {} : { since: this.#seq }) });
  }

  #send(request: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  #take(frame: LiveFrame | WatchFrame): void {
    this.#failures = 0;
    this.#hasSpoken = true;
    this.#endPolling();
    this.#staleSince = undefined;
    this.#state = this.#shouldPause ? 'paused' : 'live';
    if (frame.type === 'hello') {
      this.#role = frame.role;
      this.#version = frame.version;
      this.#natsConnected = frame.natsConnected;
      // Its number is that of now: what this tab has missed lies before it.
      const isFirst = this.#seq === undefined;
      this.#seq ??= frame.seq;
      // What was read before this may have changed before this.
      if (isFirst) this.#reset();
      return;
    }
    this.#seq = frame.seq;
    if (frame.type === 'changes') this.#apply(frame);
    else if (frame.type === 'reset') this.#reset();
    else if (frame.type === 'messages') for (const listener of this.#listeners) listener.messages?.(frame.items, frame.dropped);
    else if (frame.type === 'error') for (const listener of this.#listeners) listener.error?.(frame.message);
  }

  #reset(): void {
    for (const listener of this.#listeners) listener.reset?.();
  }

  #apply(changes: LiveChanges): void {
    if (changes.counters) this.#counters = changes.counters;
    if (changes.nats) this.#natsConnected = changes.nats.connected;
    if (changes.leader) {
      this.#role = changes.leader.role;
      this.#term = changes.leader.term;
    }
    for (const listener of this.#listeners) listener.changes?.(changes);
  }
}

export const live = new Live();
