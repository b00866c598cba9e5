import type { JobDefinitionBody, JobResource } from '../../../src-core/http/contract.ts';
import { api, ApiError, part } from '../../api/client.ts';
import { faultOf } from '../../parts/args.ts';
import { definitionOf } from '../../parts/definition.ts';
import { changesOf, conflictsOf, merge, valueAt, type FieldConflict } from './compare.ts';
import { bodyOf, formOf, newForm, type JobForm } from './form.ts';

/** What came of saving. invalid: something on the page cannot be read; conflict: `conflict` says what. */
export type SaveOutcome = { readonly kind: 'saved'; readonly job: JobResource } | { readonly kind: 'invalid' | 'refused' | 'conflict' };

export interface Conflict {
  readonly current: JobResource;
  readonly fields: readonly FieldConflict[];
}

/** One job being written: a new one, a copy, or a saved one. What others do to it meanwhile never touches the form. */
export class JobEditor {
  form = $state<JobForm>(newForm('app', ''));
  /** The saved job that is edited; undefined for a new one. */
  #saved = $state.raw<JobResource | undefined>();
  #begun = $state.raw<JobDefinitionBody>(bodyOf(newForm('app', '')));
  #isReady = $state(false);
  #isBusy = $state(false);
  #problem = $state.raw<ApiError | undefined>();
  #refused = $state.raw<JobDefinitionBody | undefined>();
  #conflict = $state.raw<Conflict | undefined>();

  readonly body = $derived(bodyOf(this.form));
  readonly changes = $derived(changesOf(this.#begun, this.body));

  get saved(): JobResource | undefined { return this.#saved; }
  get isReady(): boolean { return this.#isReady; }
  get isBusy(): boolean { return this.#isBusy; }
  get isDirty(): boolean { return this.#isReady && this.changes.length > 0; }
  get problem(): ApiError | undefined { return this.#problem; }
  get conflict(): Conflict | undefined { return this.#conflict; }

  begin(namespace: string, app: string): void {
    this.#start(newForm(namespace, app));
  }

  /** Throws nothing: `problem` says why it cannot be read. */
  async open(id: string): Promise<void> {
    await this.#attempt(async () => {
      const job = await api.get<JobResource>(`jobs/${part(id)}`);
      this.#saved = job;
      this.#start(formOf(definitionOf(job)));
    });
  }

  /** A new job with the content of another; its name is free to choose. */
  async copyOf(id: string, rename: (name: string) => string): Promise<void> {
    await this.#attempt(async () => {
      const job = await api.get<JobResource>(`jobs/${part(id)}`);
      this.#start({ ...formOf(definitionOf(job)), name: rename(job.name).slice(0, 64) });
    });
  }

  /** What the server said of a field, until that field is changed. */
  errorOf(field: string): string | undefined {
    const message = this.#problem?.fieldMessage(field);
    return message !== undefined && JSON.stringify(valueAt(this.#refused, field)) === JSON.stringify(valueAt(this.body, field)) ? message : undefined;
  }

  async save(): Promise<SaveOutcome> {
    if (hasNaN(this.form) || faultOf(this.form.args) !== undefined) return { kind: 'invalid' };
    const { body } = this;
    const saved = this.#saved;
    this.#refused = body;
    let job: JobResource | undefined;
    await this.#attempt(async () => {
      job = saved ? await api.put<JobResource>(`jobs/${part(saved.id)}`, body, saved.version) : await api.post<JobResource>('jobs', body);
    });
    if (job) {
      this.#saved = job;
      this.#begun = body;
      return { kind: 'saved', job };
    }
    if (saved && this.#problem?.status === 412) return this.#compare(saved);
    return { kind: 'refused' };
  }

  /** Goes on from what is saved now, with my changes but for the fields named. */
  resolve(preferTheirs: ReadonlySet<string>): void {
    const { conflict } = this;
    if (!conflict || !this.#saved) return;
    const theirs = asWritten(conflict.current);
    const merged = merge(asWritten(this.#saved), theirs, this.body, preferTheirs);
    this.#saved = conflict.current;
    this.#begun = theirs;
    this.form = formOf(merged);
    this.#conflict = undefined;
    this.#problem = undefined;
  }

  /** Whether somebody else has saved since this was read. */
  async isOutdated(): Promise<boolean> {
    const saved = this.#saved;
    if (!saved) return false;
    try {
      return (await api.get<JobResource>(`jobs/${part(saved.id)}`)).version !== this.#saved?.version;
    } catch (error) {
      if (error instanceof ApiError) return error.status === 404;
      throw error;
    }
  }

  giveUpConflict(): void {
    this.#conflict = undefined;
  }

  async #compare(saved: JobResource): Promise<SaveOutcome> {
    await this.#attempt(async () => {
      const current = await api.get<JobResource>(`jobs/${part(saved.id)}`);
      this.#conflict = { current, fields: conflictsOf(asWritten(saved), asWritten(current), this.body) };
    });
    return { kind: this.#conflict ? 'conflict' : 'refused' };
  }

  #start(form: JobForm): void {
    this.form = form;
    this.#begun = bodyOf(form);
    this.#isReady = true;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    this.#problem = undefined;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#problem = error;
    } finally {
      this.#isBusy = false;
    }
  }
}

/** A saved job as the form would send it, so that spellings are no differences. */
function asWritten(job: JobResource): JobDefinitionBody {
  return bodyOf(formOf(definitionOf(job)));
}

function hasNaN(value: unknown): boolean {
  if (typeof value === 'number') return Number.isNaN(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNaN);
}
