import type { Row } from './dialect.ts';

interface Named {
  readonly jobNumber: number;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
}

export interface MissingNames {
  readonly rows: readonly Row[];
  readonly entries: ReadonlyMap<number, string>;
}

/** Beyond this many remembered numbers the memory starts afresh. */
const MOST = 250_000;

/** Which names of job numbers the view has already, as far as this node wrote them and nobody else wrote since. */
export class JobNames {
  readonly #known = new Map<number, string>();

  missing(named: readonly Named[]): MissingNames {
    const entries = new Map<number, string>();
    const rows = new Map<number, Row>();
    for (const { jobNumber, namespace, app, job } of named) {
      const names = `${namespace}.${app}.${job}`;
      if ((entries.get(jobNumber) ?? this.#known.get(jobNumber)) === names) continue;
      entries.set(jobNumber, names);
      rows.set(jobNumber, [jobNumber, namespace, app, job]);
    }
    return { rows: [...rows.values()], entries };
  }

  remember({ entries }: MissingNames): void {
    if (this.#known.size > MOST) this.#known.clear();
    for (const [jobNumber, names] of entries) this.#known.set(jobNumber, names);
  }

  drop(jobNumbers: Iterable<number>): void {
    for (const jobNumber of jobNumbers) this.#known.delete(jobNumber);
  }

  forget(): void {
    this.#known.clear();
  }
}
