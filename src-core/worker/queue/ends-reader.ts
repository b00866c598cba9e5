import type { JsMsg } from '@nats-io/jetstream';
import { RETRY_ON_EXPIRED, RETRY_ON_FAIL } from '../../domain/run.ts';
import { decodeEnd, decodeRunHeader, decodeRunWaiting, endKey, kvKey, MSG_ID_HEADER, parseEndKey, RESULTS_PREFIX, RESULTS_STREAM, RUN_HEADER, runEventSubject, startSubject, STREAM, TERM_HEADER } from '../../wire/index.ts';
import { Recent } from '../common/recent.ts';
import { RecentMap } from '../common/recent-map.ts';
import type { WorkerConnection } from '../connection.ts';
import { nameInDispatch } from './options.ts';
import { StreamReading } from './stream-reading.ts';

/** How an attempt of a job ended. */
export interface JobEnd {
  /** The job's; '' = not known. */
  readonly name: string;
  readonly rootId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly status: 'success' | 'fail' | 'expired' | 'cancelled';
  readonly reason: string;
  readonly willRetry: boolean;
}

/** What is known of a run that was handed over. */
export interface KnownRun {
  readonly name: string;
  readonly rootId: string;
  readonly attempt: number;
  readonly attempts: number;
  readonly retryOn: number;
}

export interface EndsReaderOptions {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Asks a scheduler about a run whose dispatch was not read: it came before, or never, as it was cancelled while it waited. */
  find(runId: string): Promise<KnownRun | undefined>;
  onEnd(end: JobEnd): void;
  /** No attempt follows one that was told with `willRetry`: the job is gone, or disabled. */
  onNoRetry(end: JobEnd): void;
}

type Unplaced = Pick<JobEnd, 'runId' | 'status' | 'reason'> & { readonly noRetry: boolean; cancel(): void };

/** Dispatches and ends are in two streams without an order between them. */
const PATIENCE_MS = 1_000;
const KNOWN_KEPT = 50_000;
const MOST_UNPLACED = 10_000;
const ENDED_KEPT = 10_000;
const NO_RETRY = /"noRetry" ?: ?true/;

/** Reads the ends of one job's runs, each once, and which job and attempt they are of. */
export class EndsReader {
  readonly #connection: WorkerConnection;
  readonly #options: EndsReaderOptions;
  readonly #dispatches: StreamReading;
  readonly #ends: StreamReading;
  readonly #known = new RecentMap<KnownRun>(KNOWN_KEPT);
  readonly #unplaced = new Map<string, Unplaced>();
  readonly #ended = new Recent(ENDED_KEPT);
  readonly #toRetry = new RecentMap<JobEnd>(KNOWN_KEPT);
  /** Read before the end itself was. */
  readonly #notRetried = new Recent(ENDED_KEPT);
  readonly #noRetrySubject: string;

  constructor(connection: WorkerConnection, options: EndsReaderOptions) {
    const { namespace, app, job } = options;
    this.#connection = connection;
    this.#options = options;
    this.#noRetrySubject = runEventSubject('no-retry', namespace, app, job);
    this.#dispatches = new StreamReading(connection, {
      stream: STREAM, subjects: [startSubject(namespace, app, job), this.#noRetrySubject],
      onMessage: (message) => (message.subject === this.#noRetrySubject ? this.#onNoRetry(message.string()) : this.#onDispatch(message)),
    });
    this.#ends = new StreamReading(connection, {
      stream: RESULTS_STREAM, subjects: [`${RESULTS_PREFIX}${endKey(namespace, app, job, '*')}`], onMessage: (message) => this.#onEnd(message),
    });
  }

  /** Resolves when every end from now on will be told. */
  async start(): Promise<void> {
    await this.#dispatches.start();
    await this.#ends.start();
  }

  async stop(): Promise<void> {
    for (const { cancel } of this.#unplaced.values()) cancel();
    this.#unplaced.clear();
    await Promise.all([this.#dispatches.stop(), this.#ends.stop()]);
  }

  /** Which job's attempt the run is, as far as it is known. */
  jobOf(runId: string): { readonly id: string; readonly name: string } {
    const { rootId, name } = this.#known.get(runId) ?? first(runId);
    return { id: rootId, name };
  }

  #onDispatch(message: JsMsg): void {
    const runId = message.headers?.get(MSG_ID_HEADER) ?? '';
    const header = decodeRunHeader(message.headers?.get(RUN_HEADER) ?? '');
    if (header === undefined || this.#ended.has(runId)) return;
    const { rootTaskId = runId, attempt, attempts, retryOn } = header;
    const known = { name: nameInDispatch(message.string()), rootId: rootTaskId, attempt, attempts, retryOn };
    const end = this.#unplaced.get(runId);
    if (end === undefined) this.#known.set(runId, known);
    else this.#settle(end, known);
  }

  #onNoRetry(text: string): void {
    const runId = decodeRunWaiting(text)?.taskId;
    if (runId === undefined) return;
    const end = this.#toRetry.get(runId);
    this.#toRetry.delete(runId);
    if (end === undefined) this.#notRetried.add(runId);
    else this.#options.onNoRetry({ ...end, willRetry: false });
  }

  #onEnd(message: JsMsg): void {
    const runId = parseEndKey(kvKey(RESULTS_PREFIX, message.subject) ?? '')?.taskId;
    if (runId === undefined || this.#ended.has(runId) || this.#unplaced.has(runId)) return;
    const text = message.string();
    const read = decodeEnd(text, { allowNext: false, fromLeader: message.headers?.has(TERM_HEADER) === true });
    // The first answer that can be understood counts, here as in the scheduler.
    if (!read.ok || read.status === 'success:next') return;
    // Nothing of it had been sent, so nothing will come.
    const cancel = this.#connection.clock.after(read.step === 0 ? 0 : PATIENCE_MS, () => void this.#ask(end));
    const end: Unplaced = { runId, status: read.status, reason: read.reason, noRetry: read.status === 'fail' && NO_RETRY.test(text), cancel };
    const known = this.#known.get(runId);
    if (known !== undefined) this.#settle(end, known);
    else if (this.#unplaced.size >= MOST_UNPLACED) this.#settle(end, first(runId));
    else this.#unplaced.set(runId, end);
  }

  async #ask(end: Unplaced): Promise<void> {
    const found = await this.#options.find(end.runId).catch(() => undefined);
    if (this.#unplaced.has(end.runId)) this.#settle(end, found ?? first(end.runId));
  }

  #settle(end: Unplaced, { name, rootId, attempt, attempts, retryOn }: KnownRun): void {
    const { runId, status, reason, noRetry } = end;
    end.cancel();
    this.#unplaced.delete(runId);
    this.#known.delete(runId);
    this.#ended.add(runId);
    const bit = status === 'fail' ? RETRY_ON_FAIL : status === 'expired' ? RETRY_ON_EXPIRED : 0;
    const willRetry = attempt < attempts && (retryOn & bit) !== 0 && !noRetry && !this.#notRetried.has(runId);
    const told: JobEnd = { name, rootId, runId, attempt, status, reason, willRetry };
    if (willRetry) this.#toRetry.set(runId, told);
    this.#options.onEnd(told);
  }
}

function first(runId: string): KnownRun {
  return { name: '', rootId: runId, attempt: 1, attempts: 1, retryOn: 0 };
}
