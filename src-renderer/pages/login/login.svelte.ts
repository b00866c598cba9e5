import { ApiError } from '../../api/client.ts';
import { now } from '../../state/now.svelte.ts';
import { session } from '../../state/session.svelte.ts';

/** wrong: account or password; wait: too many tries; afar: the default password from another machine; offline: nobody answers. */
export type LoginTrouble = 'wrong' | 'wait' | 'afar' | 'offline' | 'other';

/** What is typed, and what came of the last try. */
export class LoginForm {
  user = $state('');
  password = $state('');
  keep = $state(false);
  #busy = $state(false);
  #trouble = $state<LoginTrouble | undefined>();
  #message = $state('');
  #failures = $state(0);
  #waitUntil = $state(0);
  #tried = $state(false);

  get isBusy(): boolean { return this.#busy; }
  /** The server's own words, for what has none here. */
  get message(): string { return this.#message; }
  /** Wrong tries from this page. */
  get failures(): number { return this.#failures; }
  /** Enter was pressed: what is missing may now be told. */
  get isTried(): boolean { return this.#tried; }

  get trouble(): LoginTrouble | undefined {
    return this.#trouble === 'wait' && this.secondsLeft === 0 ? undefined : this.#trouble;
  }

  /** Until the server looks at a password again. */
  get secondsLeft(): number {
    return this.#waitUntil === 0 ? 0 : Math.max(0, Math.ceil((this.#waitUntil - now.ms) / 1000));
  }

  /** Never rejects; false when nobody is logged in after it. */
  async submit(): Promise<boolean> {
    this.#tried = true;
    if (this.#busy || this.user === '' || this.password === '' || this.secondsLeft > 0) return false;
    this.#busy = true;
    try {
      await session.login({ user: this.user, password: this.password }, this.keep);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error);
      return false;
    } finally {
      this.#busy = false;
    }
  }

  #fail(error: ApiError): void {
    this.#message = error.message;
    if (error.status === 401) {
      this.#trouble = 'wrong';
      this.#failures++;
      this.password = '';
      this.#tried = false;
    } else if (error.status === 429) {
      this.#trouble = 'wait';
      this.#waitUntil = Date.now() + (error.problem?.retryAfter ?? 5) * 1000;
    } else if (error.problem?.type.endsWith(':default-password')) this.#trouble = 'afar';
    else this.#trouble = error.isOffline ? 'offline' : 'other';
  }
}
