import { EndRate, RateWindow, retryBits } from '../decide/index.ts';
import type { StoredJob } from '../domain/job.ts';
import { jobKey } from '../domain/job.ts';
import type { Schedule } from '../schedule/index.ts';
import type { DispatchRoute, DispatchTemplate } from '../wire/index.ts';
import { argsLiteral, dispatchRoute, dispatchTemplate, preStartSubject, startSubject } from '../wire/index.ts';

/** What every dispatch of a job says the same; made at its first one, so that 100,000 quiet jobs cost little. */
export interface Prepared {
  readonly route: DispatchRoute;
  readonly template: DispatchTemplate;
  readonly argsJson: string;
  /** Subject of a first message that names no target. */
  readonly subject: string;
  /** `<ns>.<app>.<job>` with dots around, between a subject's or key's start and the run id. */
  readonly address: string;
  readonly retryBits: number;
}

/** A job as the engine holds it: one version of its definition, and what its firing has come to. */
export class JobRuntime {
  readonly stored: StoredJob;
  readonly key: string;
  readonly schedule: Schedule;
  readonly rate: RateWindow | undefined;
  /** Told of by whoever leads. */
  readonly ends: EndRate;
  /** Id of the worker that was chosen last, '' = none: the next one follows it. */
  lastWorker = '';
  /** Millisecond of the newest id given out by hand. */
  lastByHandMs = 0;
  #prepared: Prepared | undefined;

  constructor(stored: StoredJob, schedule: Schedule, before: JobRuntime | undefined) {
    this.stored = stored;
    this.schedule = schedule;
    this.key = jobKey(stored.definition);
    const { rate } = stored.definition;
    const old = before?.definition.rate;
    const sameRate = rate !== null && old?.max === rate.max && old.perMs === rate.perMs;
    this.rate = rate === null ? undefined : sameRate ? before?.rate : new RateWindow(rate);
    this.ends = before?.ends ?? new EndRate();
    if (before === undefined) return;
    this.lastWorker = before.lastWorker;
    this.lastByHandMs = before.lastByHandMs;
  }

  get definition(): StoredJob['definition'] {
    return this.stored.definition;
  }

  get number(): number {
    return this.stored.definition.number;
  }

  get prepared(): Prepared {
    return (this.#prepared ??= prepare(this.definition));
  }
}

function prepare(definition: StoredJob['definition']): Prepared {
  const { namespace, app, name, category, model, condition, args } = definition;
  const route = dispatchRoute(category, model);
  if (route === undefined) throw new Error(`No way to dispatch ${category} ${model}.`);
  return {
    route,
    template: dispatchTemplate({ namespace, app, job: name, category, model, condition }),
    argsJson: argsLiteral(args),
    subject: route.action === 'pre-start' ? preStartSubject(namespace, app, name, route.isVoid) : startSubject(namespace, app, name, route.isVoid),
    address: `.${namespace}.${app}.${name}.`,
    retryBits: retryBits(definition.retry),
  };
}
