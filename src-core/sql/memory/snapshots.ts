import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { isFinal, UnavailableError } from '../../domain/index.ts';
import { BadSnapshotError, type Snapshots } from '../../ports/index.ts';
import { RollUp } from '../roll-up.ts';
import { addEnds } from './apply.ts';
import { Tables } from './tables.ts';

const SCHEMA = 1;

/** Copies of a memory store, as the databases make them; `replace` puts other tables in place of those there are. */
export function memorySnapshots(present: () => Tables, replace: (tables: Tables) => void): Snapshots {
  return {
    schemaVersion: SCHEMA,
    async give() {
      const { runs, subRuns, skips, ends, workers, namespaces, apps, jobs, checkpoints, term } = present();
      const whole = serialize({ runs, subRuns, skips, ends, workers, namespaces, apps, jobs, checkpoints, term });
      let isClosed = false;
      return {
        bytes: whole.length, sha256: hashOf(whole), schemaVersion: SCHEMA, checkpoints: [...checkpoints.values()],
        async read(offset, length) {
          if (isClosed) throw new UnavailableError('The snapshot is no longer there.');
          return whole.subarray(offset, offset + length);
        },
        async close() {
          isClosed = true;
        },
      };
    },
    async take(facts) {
      present();
      const whole = Buffer.alloc(facts.bytes);
      return {
        async write(offset, bytes) {
          if (offset + bytes.length > facts.bytes) throw new BadSnapshotError('The snapshot is longer than was promised.');
          whole.set(bytes, offset);
        },
        async install() {
          present();
          if (hashOf(whole) !== facts.sha256) throw new BadSnapshotError('The snapshot cannot be used: its SHA-256 is another one.');
          const tables = tablesOf(whole);
          const kept = keepOwn(tables, present());
          replace(tables);
          return { kept };
        },
        async discard() {},
      };
    },
  };
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function tablesOf(bytes: Uint8Array): Tables {
  const found = deserialize(bytes) as Tables;
  const tables = new Tables();
  for (const name of ['subRuns', 'skips', 'ends', 'workers', 'namespaces', 'apps', 'jobs', 'checkpoints'] as const) {
    const own = tables[name] as Map<string, unknown>;
    for (const [key, row] of found[name] as Map<string, unknown>) own.set(key, row);
  }
  for (const run of found.runs.values()) tables.putRun(run);
  tables.term = found.term;
  return tables;
}

/** Adds what only the other tables have, as the databases do. */
function keepOwn(tables: Tables, own: Tables): number {
  const begin = Math.min(...[...tables.ends.values()].map(({ minute }) => minute));
  const rollUp = new RollUp();
  let kept = 0;
  for (const run of own.runs.values()) {
    if (!isFinal(run.state) || tables.runs.has(run.id)) continue;
    tables.putRun({ ...run, retryPending: false });
    const subRuns = own.subRuns.get(run.id);
    if (subRuns !== undefined) tables.subRuns.set(run.id, subRuns);
    if (Math.floor(run.endedAt / 60_000) >= begin) rollUp.add(run);
    kept++;
  }
  for (const [key, row] of own.ends) if (row.minute < begin) tables.ends.set(key, row);
  for (const [key, skip] of own.skips) if (skip.hour < begin * 60_000 - 3_600_000 && !tables.skips.has(key)) tables.skips.set(key, skip);
  for (const row of rollUp.rows()) addEnds(tables, row);
  return kept;
}
