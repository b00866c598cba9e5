import { untrack } from 'svelte';
import type { AppResource, JobResource, Page, PreviewResource } from '../../../src-core/http/contract.ts';
import { ApiError, api, part } from '../../api/client.ts';
import { throttled } from '../../state/every.ts';
import { Loaded } from '../../state/list.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { type Answers, choiceOf, CONDITIONS, KNOWS, questionsOf, WHATS, YES_NO } from './choice.ts';

const FIRST_SCHEDULE = '@every 10s';
/** In the address an empty schedule would be no schedule. */
const BY_HAND = 'manual';

/** The job that is being thought of. Every answer is in the address, so that one can leave and come back. */
export class Draft {
  readonly preview = new Loaded<PreviewResource>((signal) => api.post('schedule/preview', { expression: this.#expression, count: 3 }, { signal }));
  readonly apps = new Loaded<readonly AppResource[]>(async (signal) => (await api.get<Page<AppResource>>(`namespaces/${part(this.namespace)}/apps`, { limit: 200 }, signal)).items);
  error = $state.raw<ApiError | undefined>();
  isBusy = $state(false);
  /** Texts are kept here too: an emptied field stays empty. */
  #app = $state(route.query.get('app') ?? 'demo');
  #name = $state(route.query.get('name') ?? 'hello');
  #expression = $state(readExpression());
  readonly #look = throttled(300, () => void this.preview.reload());

  get answers(): Answers {
    return {
      what: oneOf(WHATS, 'what'), know: oneOf(KNOWS, 'know'), live: oneOf(YES_NO, 'live'), choose: oneOf(YES_NO, 'choose'), condition: oneOf(CONDITIONS, 'condition'),
    };
  }

  answer(patch: Partial<Answers>): void {
    route.setQuery({ ...patch });
  }

  readonly choice = $derived(choiceOf(this.answers));
  readonly questions = $derived(questionsOf(this.answers));

  get namespace(): string { return scope.namespace || 'app'; }
  set namespace(value: string) { route.setQuery({ ns: value }); }

  get app(): string { return this.#app; }
  set app(value: string) { this.#app = value; route.setQuery({ app: value }); }

  get name(): string { return this.#name; }
  set name(value: string) { this.#name = value; route.setQuery({ name: value }); }

  /** '' = by hand only. */
  get expression(): string { return this.#expression; }
  set expression(value: string) { this.#expression = value; route.setQuery({ every: value === '' ? BY_HAND : value }); }

  get key(): string { return `${this.namespace}.${this.#app.trim()}.${this.#name.trim()}`; }

  /** For `$effect`: what the schedule means, while it is typed. */
  follow(): () => void {
    const { expression } = this;
    untrack(() => {
      this.preview.stop();
      if (expression.trim() === '') this.preview.clear();
      else this.#look();
    });
    return () => this.#look.cancel();
  }

  /** Creates the app where there is none, and the job. Undefined when the server refused: `error` says why. */
  async create(): Promise<JobResource | undefined> {
    this.isBusy = true;
    this.error = undefined;
    try {
      await this.#createApp();
      const { category, model, condition } = this.choice;
      return await api.post<JobResource>('jobs', {
        namespace: this.namespace, app: this.#app.trim(), name: this.#name.trim(), category, model, condition, schedule: { expression: this.#expression.trim() },
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error;
      return undefined;
    } finally {
      this.isBusy = false;
    }
  }

  async #createApp(): Promise<void> {
    try {
      await api.post(`namespaces/${part(this.namespace)}/apps`, { name: this.#app.trim() });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 409) return;
      // Here the name is that of the app.
      const field = error.fieldMessage('name');
      throw field === undefined || !error.problem ? error : new ApiError(error.status, { ...error.problem, errors: [{ field: 'app', message: field }] });
    }
  }
}

function readExpression(): string {
  const given = route.query.get('every');
  return given === BY_HAND ? '' : (given ?? FIRST_SCHEDULE);
}

function oneOf<T extends string>(words: readonly [T, ...T[]], name: string): T {
  const given = route.query.get(name);
  return words.find((word) => word === given) ?? words[0];
}
