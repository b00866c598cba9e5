import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { UnavailableError, createLogger, lockDataDir, openLoginFile, prepareDataDir, readOrMake, systemClock, systemMachine, systemRandom, type Config, type LoadedConfig, type Log } from '../src-core/system/index.ts';
import { createMetrics, startHttp } from '../src-core/http/index.ts';
import { createLeaseStore } from '../src-core/nats/index.ts';
import { CleanUp } from './clean-up.ts';
import { reachableUrl } from './client/scheduler-url.ts';
import { lateHost } from './host-api.ts';
import { lateApi, type LateApi } from './late-api.ts';
import { openView } from './open-view.ts';
import { openScheduler } from '../src-core/index.ts';
import { passwordGivenBy } from './password-source.ts';
import { openProgramFiles } from './program-files.ts';
import { removeOtherRuntimes } from './runtime-files.ts';
import { startNats } from './start-nats.ts';
import { VERSION } from './version.ts';
import { serveCallsOnceStarted } from './worker-calls.ts';

export interface StartOptions {
  /** Folder of the running program: its parts are found from there. */
  readonly programDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sentences for the log: what the settings gave to say. */
  readonly notes: readonly string[];
  /** Gives up starting. */
  readonly abort: AbortSignal;
  /** The scheduler failed for good after this function had resolved. */
  readonly onFailure: (error: unknown) => void;
}

export interface RunningNatsjob {
  readonly url: string;
  /** Where NATS is and whose it is, for people; no credentials. */
  readonly nats: string;
  readonly role: string;
  readonly nodeId: string;
  readonly log: Log;
  setLogLevel(level: Config['logLevel']): void;
  /** For a window of this program: `POST /natsjob/api/login/one-time` takes it once, within 60 s, from this machine. A secret. */
  issueOneTimeToken(): string;
  /** The scheduler's own, for a program around it; says that it is starting or stopping while it is. */
  readonly api: LateApi['api'];
  /** Ends everything in order; complete when it resolves. */
  stop(): Promise<void>;
  /** After a fault: only the log's last lines are saved. The lock goes with the process, all else is taken up from the log. */
  abandon(): Promise<void>;
}

/** Without NATS the scheduler cannot finish starting; people see after this long that it waits. */
const START_WAIT_MS = 3_000;
/** The first lease is taken within a few round trips; a standby stays what it is. */
const ROLE_WAIT_MS = 1_000;

/**
 * Starts the whole program from its settings: folder and lock, log, HTTP (which answers from then on), NATS, the view,
 * the scheduler. What was started is ended again if a later step fails; then rejects with that step's error.
 */
export async function startNatsjob(loaded: LoadedConfig, options: StartOptions): Promise<RunningNatsjob> {
  const { config } = loaded;
  prepareDataDir(config.dataDir);
  const files = await openProgramFiles(options.programDir, config.dataDir);
  const native = files.nativeBinding === undefined ? {} : { nativeBinding: files.nativeBinding };
  const lock = await lockDataDir(config.dataDir, { ...native, ...(config.httpPort === 0 ? {} : { url: reachableUrl(config.httpHost, config.httpPort) }) });
  const logger = await createLogger({ format: config.logEnv, level: config.logLevel, dir: config.logDir });
  const { log } = logger;
  const cleanUp = new CleanUp((step, error) => log.error({ err: error, step }, 'A part could not be ended in order'));
  cleanUp.add('log', () => {
    log.info({}, 'Stopped');
    return logger.close();
  });
  cleanUp.add('data folder lock', () => lock.release());
  const clock = systemClock();
  const { metrics, registry } = createMetrics();
  const late = lateApi('The scheduler is starting.', (why) => new UnavailableError(why));
  try {
    for (const note of options.notes) log.warn({}, note);
    const loginKeeper = openLoginFile(path.join(config.dataDir, 'login.json'));
    const givenBy = passwordGivenBy(loaded);
    if (config.isDefaultPassword && (givenBy !== undefined || loginKeeper.kept.password === undefined) && !isLoopback(config.httpHost)) log.warn({ host: config.httpHost }, 'The default password works from this machine only: change it, or set NATSJOB_LOGIN_PWD, to log in from others');
    const nodeId = config.nodeId || readOrMake(path.join(config.dataDir, 'node-id'), makeNodeId);
    log.info({ version: VERSION, pid: process.pid, nodeId, dataDir: config.dataDir }, 'Starting');

    const host = lateHost({
      loaded, clock, nodeId, files, environment: options.environment,
      isPasswordKept: () => loginKeeper.kept.password !== undefined, url: () => withoutSlash(server.url), databaseProblem: () => (late.api.health().databaseWritable ? '' : late.api.health().problems.join(', ')),
    });
    const server = await startHttp({
      host: config.httpHost, port: config.httpPort, api: late.api, hostApi: host.api, log: log.child({ component: 'http' }), clock, registry, version: VERSION,
      credentials: { user: config.loginUser, password: config.loginPwd, isDefaultPassword: config.isDefaultPassword, ...(givenBy === undefined ? {} : { givenBy }) },
      loginKeeper,
      secretKey: config.secretKey || readOrMake(path.join(config.dataDir, 'secret.key'), () => randomBytes(32).toString('base64url')),
      tokenExpireMs: config.loginTokenExpireHours * 3_600_000,
      ...(files.panelDir === undefined ? {} : { panelDir: files.panelDir }),
    });
    cleanUp.add('HTTP', () => server.stop());
    lock.announce(withoutSlash(server.url));
    removeOtherRuntimes(config.dataDir, files.nativeBinding);
    options.abort.throwIfAborted();

    const nats = await startNats({ config, clock, log: log.child({ component: 'nats' }), nodeId, natsServerDirs: files.natsServerDirs, helper: files.helper, environment: options.environment, cleanUp });
    host.attachNats(nats.bus.access);
    options.abort.throwIfAborted();

    const store = await openView(config, files, log.child({ component: 'database' }));
    cleanUp.add('database', () => store.close());
    host.attachStore(store);
    cleanUp.add('host API', () => host.detach());

    const scheduler = openScheduler(
      {
        nodeId, processId: lock.processId, processBefore: lock.processBefore, version: VERSION, host: hostname(), pid: process.pid, timezone: config.timezone, retentionMs: config.jobResultExpireHours * 3_600_000,
        replicas: config.natsReplicas, logMaxBytes: config.natsStoreMaxBytes, reportsMaxBytes: config.natsReportsMaxBytes,
      },
      { bus: nats.bus, leaseStore: createLeaseStore(nats.bus), store, clock, random: systemRandom, log, metrics, machine: systemMachine(clock) },
    );
    cleanUp.add('scheduler', () => scheduler.stop());
    cleanUp.add('API', () => late.detach('The scheduler is stopping.'));
    late.attach(scheduler.api);
    const started = scheduler.start();
    if (config.workerCalls === 'on') {
      const calls = serveCallsOnceStarted(started, { bus: nats.bus, api: late.api, clock, log: log.child({ component: 'calls' }) });
      cleanUp.add('calls of workers', () => calls.stop());
    }
    await withinTime(started, START_WAIT_MS, options.onFailure);
    options.abort.throwIfAborted();
    const role = await untilKnown(() => scheduler.api.health().role, nats.bus.state === 'connected' ? ROLE_WAIT_MS : 0);
    log.info({ url: server.url, nats: nats.shown, role }, 'Started');
    return {
      url: server.url, nats: nats.shown, role, nodeId, log, api: late.api,
      setLogLevel: (level) => logger.setLevel(level),
      issueOneTimeToken: () => server.issueOneTimeToken(),
      stop: async () => {
        log.info({}, 'Stopping');
        await cleanUp.run();
      },
      abandon: () => logger.close(),
    };
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

/** Resolves when the work is done or the time is up; what fails after that is told to `onFailure`. Rejects as the work does before. */
async function withinTime(work: Promise<void>, limitMs: number, onFailure: (error: unknown) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, limitMs);
  });
  work.catch((error: unknown) => {
    if (isLate) onFailure(error);
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

async function untilKnown(role: () => string, limitMs: number): Promise<string> {
  for (let left = limitMs; left > 0 && role() === 'starting'; left -= 20) await new Promise((resolve) => setTimeout(resolve, 20));
  return role();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

/** Readable where it shows up, and different on every installation. */
function makeNodeId(): string {
  const host = hostname().replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 40) || 'node';
  return `${host}-${randomBytes(4).toString('hex')}`;
}
