import type { LoginRequest, LoginResource, MeResource } from '../../src-core/http/contract.ts';
import { ApiError, api, useToken } from '../api/client.ts';
import { desktop } from '../lib/desktop.ts';
import { recall, remember } from '../lib/storage.ts';

/** `ended`: there was a session, and the server no longer takes it. */
export type SessionState = 'starting' | 'out' | 'ended' | 'in' | 'unreachable';

const TOKEN_KEY = 'natsjob.token';
/** A session of the desktop window that ends sooner than this would end again. */
const SHORT_MS = 10_000;

/** Who is logged in. The token is kept for this tab, or for this browser when the person asked for it. */
class Session {
  #state = $state<SessionState>('starting');
  #me = $state.raw<MeResource | undefined>();
  #token = $state.raw<string | undefined>();
  #enteredAt = Number.NEGATIVE_INFINITY;
  #byHand = $state(false);

  get state(): SessionState { return this.#state; }
  get me(): MeResource | undefined { return this.#me; }
  get token(): string | undefined { return this.#token; }
  /** The desktop window could not log itself in. */
  get isByHand(): boolean { return this.#byHand; }

  start(): void {
    const kept = readTabToken() ?? recall('token');
    if (typeof kept !== 'string') {
      void this.#enter('out');
      return;
    }
    this.#use(kept);
    void this.refresh();
  }

  /** Asks the server who this is. */
  async refresh(): Promise<void> {
    const asked = this.#token;
    try {
      const me = await api.get<MeResource>('me');
      if (asked !== this.#token) return;
      this.#me = me;
      this.#state = 'in';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // An answer that was long on its way says nothing about a newer session, nor about one that was ended meanwhile.
      if (asked !== this.#token) return;
      if (error.status === 401) this.#end('ended');
      // A page that is in view stays, with what is typed in it: the feed says that it is cut off.
      else if (this.#state !== 'in') this.#state = 'unreachable';
    }
  }

  /** Rejects with ApiError: 401 wrong, 403 not from here, 429 too many tries. */
  async login(request: LoginRequest, keep: boolean): Promise<void> {
    await this.#accept(await api.post<LoginResource>('login', request), keep);
  }

  async logout(): Promise<void> {
    const done = api.post('logout');
    // At once: the feed is told of the end, too, and would take it for somebody else's doing.
    this.#end('out');
    try {
      await done;
    } catch {
      // Whatever the server says, this browser has forgotten.
    }
  }

  #use(token: string | undefined): void {
    this.#token = token;
    useToken(token, () => this.#end('ended'));
  }

  #end(state: 'out' | 'ended'): void {
    this.#use(undefined);
    this.#me = undefined;
    writeTabToken(undefined);
    remember('token', undefined);
    if (state === 'ended') void this.#enter(state);
    else this.#state = state;
  }

  async #accept({ token }: LoginResource, keep: boolean): Promise<void> {
    this.#byHand = false;
    this.#use(token);
    writeTabToken(token);
    remember('token', keep ? token : undefined);
    await this.refresh();
  }

  /** The desktop window logs itself in; elsewhere, and where that does not work, a person does. */
  async #enter(otherwise: 'out' | 'ended'): Promise<void> {
    this.#state = otherwise;
    if (!desktop) return;
    this.#byHand = performance.now() - this.#enteredAt < SHORT_MS;
    if (this.#byHand) return;
    this.#enteredAt = performance.now();
    this.#state = 'starting';
    try {
      await this.#accept(await api.post<LoginResource>('login/one-time', { token: await desktop.oneTimeToken() }), false);
    } catch (error) {
      // Whatever the shell says, a person can log in.
      const isOffline = error instanceof ApiError && error.isOffline;
      if (isOffline) this.#enteredAt = Number.NEGATIVE_INFINITY;
      this.#byHand = !isOffline;
      this.#state = isOffline ? 'unreachable' : otherwise;
    }
  }
}

function readTabToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function writeTabToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // Storage may be forbidden: the session then lasts as long as the page.
  }
}

export const session = new Session();
