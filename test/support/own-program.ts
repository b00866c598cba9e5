import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src-core/system/index.ts';
import { startNatsjob, type RunningNatsjob } from '../../src-main/compose.ts';
import { natsServerPath } from './nats-server.ts';
import { programApi, type ProgramApi } from './program-api.ts';
import { sparePort } from './spare-port.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const USER = 'tester';
const PASSWORD = 'a password of this test';

/** The whole program in the test's own process, as a desktop console has it in its own. `await using` ends it. */
export interface OwnProgram {
  readonly url: string;
  readonly running: RunningNatsjob;
  readonly api: ProgramApi;
  /** All it has logged, down to debug. */
  logged(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Takes panel and reader from `dist`. Its log is kept from the terminal. */
export async function startOwnProgram(): Promise<OwnProgram> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-own-'));
  const env = {
    NATSJOB_DATA_DIR: path.join(folder, 'data'), NATSJOB_CONF_DIR: path.join(folder, 'conf'), NATSJOB_LOG_DIR: path.join(folder, 'logs'), NATSJOB_LOG_ENV: 'json', NATSJOB_LOG_LEVEL: 'debug',
    NATSJOB_HTTP_PORT: String(await sparePort()), NATSJOB_NATS_PORT: String(await sparePort()), NATSJOB_NATS_SERVER: (await natsServerPath()) ?? '', NATSJOB_LOGIN_USER: USER, NATSJOB_LOGIN_PWD: PASSWORD,
  };
  const nothing = (): never => {
    throw Object.assign(new Error('no file'), { code: 'ENOENT' });
  };
  const loaded = loadConfig({ env, flags: [], cwd: folder, systemTimezone: 'UTC', readFile: nothing });
  let log = '';
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array): boolean => {
    log += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  const cleanUp = (): void => {
    process.stderr.write = write;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const running = await startNatsjob(loaded, {
      programDir: DIST, environment: env, notes: [], abort: new AbortController().signal,
      onFailure: (error) => {
        throw error;
      },
    });
    return {
      url: running.url.replace(/\/$/, ''), running, api: programApi(running.url.replace(/\/$/, ''), USER, PASSWORD), logged: () => log,
      async [Symbol.asyncDispose]() {
        await running.stop();
        cleanUp();
      },
    };
  } catch (error) {
    cleanUp();
    throw new Error(`the program did not start\n${log}`, { cause: error });
  }
}
