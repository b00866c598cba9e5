import type { JobResource, Page, PublishRequest } from '../../../src-core/http/contract.ts';
import { ApiError, api } from '../../api/client.ts';
import { subjectsOf, type SubjectLine } from '../../parts/subjects.ts';
import { draftOf, faultOf, type ArgsDraft } from '../../parts/args.ts';
import { startMessageOf } from './start-message.ts';

const MOST_JOBS = 20;

/** A message to be sent by hand. */
export class PublishForm {
  subject = $state('');
  draft = $state.raw<ArgsDraft>({ kind: 'json', text: '{}' });
  headers = $state<{ name: string; value: string }[]>([]);
  jobKey = $state('');
  #jobs = $state.raw<readonly JobResource[]>([]);
  #busy = $state(false);
  #error = $state.raw<ApiError | undefined>();
  #sent = $state(0);

  get jobs(): readonly JobResource[] { return this.#jobs; }
  get isBusy(): boolean { return this.#busy; }
  get error(): ApiError | undefined { return this.#error; }
  /** How many went out. */
  get sent(): number { return this.#sent; }
  get isComplete(): boolean { return this.subject.trim() !== '' && !/[<>*]/.test(this.subject) && (this.draft.text === '' || !faultOf(this.draft)); }

  readonly job: JobResource | undefined = $derived(this.#jobs.find((job) => keyOf(job) === this.jobKey.trim()));
  readonly subjects: readonly SubjectLine[] = $derived(this.job ? subjectsOf(this.job) : []);

  /** What the server says of the headers; it names each. */
  get headersError(): string | undefined {
    const found = this.#error?.problem?.errors.filter(({ field }) => field.startsWith('headers')).map(({ field, message }) => `${field.replace('headers.', '')} ${message}`);
    return found?.length ? found.join('; ') : undefined;
  }

  /** Jobs to choose from; what cannot be read leaves the list as it was. */
  async findJobs(signal: AbortSignal): Promise<void> {
    const text = this.jobKey.trim();
    if (text !== '' && this.job) return;
    try {
      const q = text.split('.').at(-1) ?? '';
      this.#jobs = (await api.get<Page<JobResource>>('jobs', { q, limit: MOST_JOBS }, signal)).items;
    } catch (error) {
      if (!signal.aborted && !(error instanceof ApiError)) throw error;
    }
  }

  fillMessage(): void {
    if (this.job) this.draft = draftOf(JSON.parse(startMessageOf(this.job, Date.now())));
  }

  async send(): Promise<void> {
    this.#busy = true;
    this.#error = undefined;
    const headers = Object.fromEntries(this.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]));
    const body: PublishRequest = { subject: this.subject.trim(), text: this.draft.text, ...(Object.keys(headers).length > 0 && { headers }) };
    try {
      await api.post('nats/publish', body);
      this.#sent++;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    } finally {
      this.#busy = false;
    }
  }
}

export function keyOf({ namespace, app, name }: Pick<JobResource, 'namespace' | 'app' | 'name'>): string {
  return `${namespace}.${app}.${name}`;
}
