import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { programApi } from '../support/program-api.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { sparePort } from '../support/spare-port.ts';
import { Child } from './child.ts';
import type { Family } from './child.ts';

const USER = 'chaos';
const PASSWORD = 'a password of this run';
const CALL_MS = 3_000;

/** One natsjob process with a view of its own. */
export interface SchedulerNode {
  readonly child: Child;
  readonly api: ProgramApi;
  readonly database: string;
  /** It has read the log and takes part. False when it does not say so in time. */
  isReady(): Promise<boolean>;
}

export async function makeNode(folder: string, name: string, program: string, natsUrl: string, replicas: number, family: Family): Promise<SchedulerNode> {
  const port = await sparePort();
  const own = path.join(folder, name);
  mkdirSync(path.join(own, 'data'), { recursive: true });
  const inherited = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('NATSJOB_')));
  const child = new Child({
    name, command: process.execPath, args: ['--enable-source-maps', program, 'serve'], cwd: own, logFile: path.join(folder, `${name}.log`),
    env: {
      ...inherited, NATSJOB_NATS_URL: natsUrl, NATSJOB_NATS_REPLICAS: String(replicas), NATSJOB_NODE_ID: name, NATSJOB_HTTP_PORT: String(port), NATSJOB_DATA_DIR: path.join(own, 'data'),
      NATSJOB_CONF_DIR: path.join(own, 'conf'), NATSJOB_LOG_DIR: path.join(own, 'logs'), NATSJOB_LOG_ENV: 'json', NATSJOB_LOGIN_USER: USER, NATSJOB_LOGIN_PWD: PASSWORD, NATSJOB_TIMEZONE: 'UTC',
    },
  }, family);
  const url = `http://127.0.0.1:${port}`;
  return {
    child, api: programApi(url, USER, PASSWORD), database: path.join(own, 'data', 'natsjob.sqlite'),
    async isReady() {
      if (!child.isAwake) return false;
      try {
        return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(CALL_MS) })).status === 200;
      } catch {
        return false;
      }
    },
  };
}

/** Rejects when there is no answer within a few seconds; the call may have been carried out all the same. */
export function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CALL_MS);
  });
  return Promise.race([call, limit]).finally(() => clearTimeout(timer));
}
