import { randomInt } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { SkipCount } from '../../domain/index.ts';
import { NewerSchemaError, StaleTermError, type ViewBatch } from '../../ports/index.ts';
import { idToInteger } from '../run-id.ts';
import type { Connections } from './connections.ts';
import { plain, slices, type Dialect, type Row, type SqlConnection, type Statement } from './dialect.ts';
import { JobNames } from './job-names.ts';
import { checkpointRows, definitionRows, endRow, planRuns, skipRows, subRunRows, workerRows, type RunPlan } from './plan-batch.ts';
import { APP, CHECKPOINT, END_COUNT, JOB, JOB_REF, NAMESPACE, RUN, SKIP_COUNT, SUB_RUN, WORKER, type Table } from './tables.ts';

const DEFINED = { namespace: NAMESPACE, app: APP, job: JOB } as const;
/** Runs asked for in one statement. */
const ASKED = 5_000;

/** A batch whose commit may or may not have reached the server. */
interface Unsure {
  readonly token: number;
  readonly skips: readonly SkipCount[];
}

/** What the row that every batch locks first says. */
interface Fence {
  readonly term: number;
  readonly token: number;
}

/**
 * Applies batches, each in one transaction of two round trips: the first locks the row of the term and asks for the old states
 * of runs, the second writes and commits. Statements are put together here for many rows at once: drizzle would map each value
 * of each row, and with a server what counts is round trips and statements.
 *
 * The lock makes batches of two nodes follow one another, so a leader that was deposed finds the newer term. Every batch leaves
 * a number of its own there. When a connection is lost at the commit, that number tells the next batch what became of it:
 * skip counters are the only thing that is added without looking at what is there, and those the view has are left out.
 */
export class RemoteWriter {
  readonly jobNames = new JobNames();
  readonly #dialect: Dialect;
  readonly #connections: Connections;
  #token = randomInt(2 ** 47);
  #unsure: Unsure | undefined;
  /** Counters of batches that failed for the caller and yet are in the view. */
  readonly #written = new Set<SkipCount>();

  constructor(dialect: Dialect, connections: Connections) {
    this.#dialect = dialect;
    this.#connections = connections;
  }

  /** All or nothing. Rejects with StaleTermError, NewerSchemaError, UnavailableError, or RangeError for an impossible record. */
  async apply(batch: ViewBatch): Promise<void> {
    const plan = planRuns(batch);
    const parts = subRunRows(batch.putSubRuns);
    await this.#connections.write(async (connection) => {
      const { fence, checkpoints, states } = await this.#look(connection, plan);
      if (batch.term < fence.term) return this.#refuse(connection, new StaleTermError(batch.term, fence.term));
      if (fence.token !== this.#token) this.jobNames.forget();
      const skips = this.#notWritten(batch, fence, checkpoints);
      const names = this.jobNames.missing([...batch.insertRuns, ...skips]);
      const token = this.#token + 1;
      const writes = this.#writes(batch, plan, states, { parts, skips, names: names.rows, token });
      this.#token = token;
      this.#unsure = { token, skips };
      try {
        await connection.run(writes);
      } catch (error) {
        this.jobNames.forget();
        throw error;
      }
      this.#unsure = undefined;
      this.#written.clear();
      this.jobNames.remember(names);
    });
  }

  /** The term goes too: after a lost log the lease counts its terms from one again. */
  async resetCheckpoints(): Promise<void> {
    await this.#connections.write((connection) => connection.run([
      ...this.#dialect.begin, plain('update natsjob_meta set val = 0 where name = \'term\''), plain('delete from natsjob_checkpoint'), this.#dialect.commit,
    ]));
  }

  async probe(): Promise<void> {
    await this.#connections.write((connection) => connection.run([
      ...this.#dialect.begin, plain(`update natsjob_meta set val = ${Date.now()} where name = 'probe'`), this.#dialect.commit,
    ]));
  }

  async #look(connection: SqlConnection, plan: RunPlan): Promise<{ fence: Fence; checkpoints: ReadonlyMap<string, string>; states: ReadonlyMap<string, number> }> {
    const asks = slices(plan.asked, ASKED).map((ids) => this.#dialect.render(
      sql`select id, state from natsjob_run where ${this.#dialect.isOneOf(sql`id`, ids.map(BigInt))}`,
    ));
    const [locked, version, marks, ...found] = (await connection.run([
      ...this.#dialect.begin,
      plain('select val, batch from natsjob_meta where name = \'term\' for update'),
      plain('select val from natsjob_meta where name = \'schema\''),
      plain('select stream, created, sequence_no from natsjob_checkpoint'),
      ...asks,
    ])).slice(this.#dialect.begin.length);
    const [term, token] = locked?.rows[0] ?? [];
    const schema = version?.rows[0]?.[0];
    const known = this.#dialect.migrations.length;
    if (Number(schema) > known) {
      await this.#refuse(connection, new NewerSchemaError(`The database was changed by a newer natsjob (schema ${Number(schema)}, this program knows up to ${known}): start the newer version here, too.`));
    }
    return {
      fence: { term: Number(term ?? 0), token: Number(token ?? 0) },
      checkpoints: new Map((marks?.rows ?? []).map(([stream, created, sequence]) => [String(stream), markOf(String(created), Number(sequence))])),
      states: new Map(found.flatMap(({ rows }) => rows.map(([id, state]) => [String(id), Number(state)]))),
    };
  }

  /** The server may have ended the session of a process that stood still meanwhile: what was seen holds all the same. */
  async #refuse(connection: SqlConnection, refusal: Error): Promise<never> {
    await connection.run([this.#dialect.rollback]).catch(() => connection.destroy());
    throw refusal;
  }

  /** Counters of the batch that the view does not have. */
  #notWritten(batch: ViewBatch, fence: Fence, checkpoints: ReadonlyMap<string, string>): readonly SkipCount[] {
    if (this.#unsure !== undefined && this.#unsure.token === fence.token) {
      for (const skip of this.#unsure.skips) this.#written.add(skip);
      // The same batch once more, perhaps read from the log anew: it holds nothing beyond what its checkpoints say is there.
      const isSame = batch.checkpoints.length > 0 && batch.checkpoints.every(({ stream, created, sequence }) => checkpoints.get(stream) === markOf(created, sequence));
      if (isSame) return [];
    }
    return this.#written.size === 0 ? batch.addSkips : batch.addSkips.filter((skip) => !this.#written.has(skip));
  }

  *#writes(batch: ViewBatch, plan: RunPlan, states: ReadonlyMap<string, number>, rest: { parts: readonly Row[]; skips: readonly SkipCount[]; names: readonly Row[]; token: number }): Iterable<Statement> {
    const { insert, update, commit } = this.#dialect;
    const runs = plan.decide(states);
    const definitions = definitionRows(batch.definitions);
    for (const kind of ['namespace', 'app', 'job'] as const) {
      for (const key of definitions.drop[kind]) yield this.#delete(DEFINED[kind], key);
      yield* insert(DEFINED[kind], definitions.put[kind], 'merge');
    }
    yield* insert(JOB_REF, rest.names, 'merge');
    yield* insert(RUN, runs.inserts, 'keep');
    yield* update(RUN, runs.updates);
    yield* insert(SUB_RUN, rest.parts, 'merge');
    yield* insert(SKIP_COUNT, skipRows(rest.skips), 'merge');
    yield* insert(WORKER, workerRows(batch.putWorkers), 'merge');
    yield* insert(END_COUNT, runs.ends.map(endRow), 'merge');
    yield* this.#removals(batch.removeRuns ?? []);
    yield* insert(CHECKPOINT, checkpointRows(batch.checkpoints), 'merge');
    yield plain(`update natsjob_meta set val = ${Number(batch.term)}, batch = ${rest.token} where name = 'term'`);
    yield commit;
  }

  /** The names of their job numbers stay: retention drops one together with the last that is counted of it. */
  *#removals(ids: readonly string[]): Iterable<Statement> {
    for (const slice of slices(ids.map(idToInteger), ASKED)) {
      const { isOneOf, render } = this.#dialect;
      yield render(sql`delete from natsjob_sub_run where ${isOneOf(sql.raw('run_id'), slice)}`);
      yield render(sql`delete from natsjob_run where ${isOneOf(sql.raw('id'), slice)}`);
    }
  }

  #delete(table: Table, key: Row): Statement {
    return this.#dialect.bind(`delete from ${table.name} where ${table.key.map((name) => `${name} = ?`).join(' and ')}`, key);
  }
}

function markOf(created: string, sequence: number): string {
  return `${created} ${sequence}`;
}
