import type { LoginRequest, LoginResource, MeResource } from '../../src-core/http/contract.ts';
import { ApiError, api, useToken } from '../api/client.ts';
import { recall, remember } from '../lib/storage.ts';

/** `ended`: there was a session, and the server no longer takes it. */
export type SessionState = 'starting' | 'out' | 'ended' | 'in' | 'unreachable';

const TOKEN_KEY = 'natsjob.token';

/** Who is logged in. The token is kept for this tab, or for this browser when the person asked for it. */
class Session {
  #state = $state<SessionState>('starting');
  #me = $state.raw<MeResource | undefined>();
  #token = $state.raw<string | undefined>();

  get state(): SessionState { return this.#state; }
  get me(): MeResource | undefined { return this.#me; }
  get token(): string | undefined { return this.#token; }

  start(): void {
    const kept = readTabToken() ?? recall('token');
    if (typeof kept !== 'string') {
      this.#state = 'out';
      return;
    }
    this.#use(kept);
    void this.refresh();
  }

  /** Asks the server who this is. */
  async refresh(): Promise<void> {
    try {
      this.#me = await api.get<MeResource>('me');
      this.#state = 'in';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.#end('ended');
      else this.#state = 'unreachable';
    }
  }

  /** Rejects with ApiError: 401 wrong, 403 not from here, 429 too many tries. */
  async login(request: LoginRequest, keep: boolean): Promise<void> {
    const { token } = await api.post<LoginResource>('login', request);
    this.#use(token);
    writeTabToken(token);
    remember('token', keep ? token : undefined);
    await this.refresh();
  }

  async logout(): Promise<void> {
    try {
      await api.post('logout');
    } catch {
      // Whatever the server says, this browser forgets.
    }
    this.#end('out');
  }

  #use(token: string | undefined): void {
    this.#token = token;
    useToken(token, () => this.#end('ended'));
  }

  #end(state: 'out' | 'ended'): void {
    this.#use(undefined);
    this.#me = undefined;
    this.#state = state;
    writeTabToken(undefined);
    remember('token', undefined);
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
