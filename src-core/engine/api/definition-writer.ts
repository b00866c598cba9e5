import { AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError, StaleVersionError } from '../../domain/errors.ts';
import { patchJobInput } from '../../domain/job-patch.ts';
import { readJobSpec } from '../../domain/job-input.ts';
import type { JobDefinition, JobSpec } from '../../domain/job.ts';
import { jobKey } from '../../domain/job.ts';
import type { Bucket } from '../../ports/index.ts';
import { ScheduleError } from '../../schedule/index.ts';
import * as wire from '../../wire/index.ts';
import { encodeDefinition } from '../definition-codec.ts';
import type { JobNumbers } from '../job-numbers.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { Jobs } from '../jobs.ts';

const encoder = { bytes: (text: string): number => new TextEncoder().encode(text).length };

export interface WriterParts {
  readonly bucket: Bucket;
  readonly jobs: Jobs;
  readonly numbers: JobNumbers;
  readonly now: () => number;
  /** Resolves when this node has applied the definitions log up to the revision: writers read their own writes. */
  readonly applied: (revision: number) => Promise<void>;
  /** The same for everything in the log at the call. */
  readonly caughtUp: () => Promise<void>;
}

/** Changes jobs in the definitions bucket, each by compare-and-set, so that two editors cannot overwrite each other. */
export class JobWriter {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  async create(input: unknown): Promise<JobRuntime> {
    const spec = this.#read(input);
    const key = jobKey(spec);
    if (this.#parts.jobs.byKey(key) !== undefined) throw new AlreadyExistsError('job', key);
    const now = this.#parts.now();
    const definition: JobDefinition = { ...spec, number: await this.#parts.numbers.take(), anchor: now, createdAt: now, updatedAt: now };
    this.#checkSchedule(definition, true);
    const revision = await this.#put(definition, 0);
    if (revision === undefined) throw new AlreadyExistsError('job', key);
    return this.#applied(key, revision);
  }

  replace(job: JobRuntime, input: unknown, version: number): Promise<JobRuntime> {
    return this.#change(job, this.#read(input), version);
  }

  update(job: JobRuntime, patch: unknown, version: number): Promise<JobRuntime> {
    return this.#change(job, this.#read(patchJobInput(job.definition, patch)), version);
  }

  async remove(job: JobRuntime, version: number): Promise<void> {
    if (version !== job.stored.version) throw new StaleVersionError(job.key, job.stored.version);
    const { namespace, app, name } = job.definition;
    const isGone = await this.#parts.bucket.compareAndDelete(wire.jobKey(namespace, app, name), version);
    if (!isGone) throw new StaleVersionError(job.key, this.#parts.jobs.byKey(job.key)?.stored.version ?? 0);
    await this.#parts.caughtUp();
  }

  async #change(job: JobRuntime, spec: JobSpec, version: number): Promise<JobRuntime> {
    if (version !== job.stored.version) throw new StaleVersionError(job.key, job.stored.version);
    const old = job.definition;
    const now = this.#parts.now();
    const restarts = JSON.stringify(spec.schedule) !== JSON.stringify(old.schedule) || (old.state === 'disabled' && spec.state !== 'disabled');
    const definition: JobDefinition = { ...spec, number: old.number, anchor: restarts ? now : old.anchor, createdAt: old.createdAt, updatedAt: now };
    this.#checkSchedule(definition, restarts);
    const key = jobKey(definition);
    if (key !== job.key) return this.#move(job, definition, key);
    const revision = await this.#put(definition, version);
    if (revision === undefined) throw new StaleVersionError(key, this.#parts.jobs.byKey(key)?.stored.version ?? 0);
    return this.#applied(key, revision);
  }

  /** A new address is a new entry with the same number; the old one goes only once the new one stands. */
  async #move(job: JobRuntime, definition: JobDefinition, key: string): Promise<JobRuntime> {
    const revision = await this.#put(definition, 0);
    if (revision === undefined) throw new AlreadyExistsError('job', key);
    const { namespace, app, name } = job.definition;
    const isGone = await this.#parts.bucket.compareAndDelete(wire.jobKey(namespace, app, name), job.stored.version);
    if (!isGone) {
      await this.#parts.bucket.compareAndDelete(wire.jobKey(definition.namespace, definition.app, definition.name), revision);
      throw new StaleVersionError(job.key, this.#parts.jobs.byKey(job.key)?.stored.version ?? 0);
    }
    return this.#applied(key, revision);
  }

  #read(input: unknown): JobSpec {
    const spec = readJobSpec(input, encoder.bytes);
    const { jobs } = this.#parts;
    if (!jobs.namespaces.has(spec.namespace)) throw new InvalidInputError([{ field: 'namespace', message: `there is no namespace "${spec.namespace}"; create it first` }]);
    if (!jobs.apps.has(`${spec.namespace}.${spec.app}`)) {
      throw new InvalidInputError([{ field: 'app', message: `there is no app "${spec.app}" in namespace "${spec.namespace}"; create it first` }]);
    }
    return spec;
  }

  /** A moment that has passed is no mistake of somebody who changes something else. */
  #checkSchedule(definition: JobDefinition, starts: boolean): void {
    try {
      const schedule = this.#parts.jobs.scheduleOf({ definition, version: 0 });
      if (starts && schedule.kind === 'at' && definition.state !== 'disabled' && schedule.next(this.#parts.now()) === undefined) {
        throw new InvalidInputError([{ field: 'schedule.expression', message: 'names a moment that has passed: it never fires' }]);
      }
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      // A zone may also stand before the fields, as TZ=.
      const isZone = error.field === 'timezone' && definition.schedule.timezone !== '';
      const field = isZone || error.field === 'dst' ? `schedule.${error.field}` : 'schedule.expression';
      throw new InvalidInputError([{ field, message: error.message }]);
    }
  }

  #put(definition: JobDefinition, revision: number): Promise<number | undefined> {
    const { namespace, app, name } = definition;
    return this.#parts.bucket.compareAndSet(wire.jobKey(namespace, app, name), encodeDefinition(definition), revision);
  }

  async #applied(key: string, revision: number): Promise<JobRuntime> {
    await this.#parts.applied(revision);
    const job = this.#parts.jobs.byKey(key);
    if (job === undefined) throw new NotFoundError('job', key);
    return job;
  }
}

/** Deleting what others stand in would leave them without a place. */
export function refuseIfUsed(kind: string, name: string, count: number, what: string): void {
  if (count > 0) throw new ConflictError(`The ${kind} "${name}" still has ${count} ${what}; delete or move them first.`);
}
