import type { Msg } from '@nats-io/transport-node';
import { connectForEver } from './plain-worker.ts';
import { until } from './until.ts';

export interface Sighting {
  readonly subject: string;
  readonly taskId: string;
  readonly job: string;
  /** Moments (epoch ms) it was seen at: more than one is one too many. */
  readonly times: number[];
}

/** A plain core subscriber that counts what is dispatched. What is sent while it is cut off from the server it does not see. */
export interface Witness {
  /** Messages so far. */
  readonly count: number;
  /** Whether it has a connection, and how many it has lost: all that came on one is counted by then. */
  readonly isConnected: boolean;
  readonly losses: number;
  readonly sightings: Iterable<Sighting>;
  /** Monitor messages: each answer that asks for one is told once on either subject. */
  readonly monitors: Iterable<Sighting>;
  /** Resolves when so many more messages have come, or the time is up. */
  more(messages: number, deadlineMs: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startWitness(url: string, namespace: string, app: string): Promise<Witness> {
  const nc = await connectForEver(url, 'witness');
  const seen = new Map<string, Sighting>();
  const monitors = new Map<string, Sighting>();
  let count = 0;
  let isConnected = true;
  let losses = 0;
  void (async () => {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') losses++;
      if (type === 'disconnect' || type === 'reconnect') isConnected = type === 'reconnect';
    }
  })();

  const look = (_error: unknown, message: Msg): void => {
    const { taskId, jobName } = message.json<{ taskId: string; jobName: string }>();
    count++;
    note(seen, '', { subject: message.subject, taskId, job: jobName, times: [Date.now()] });
  };
  const monitored = (_error: unknown, message: Msg): void => {
    const { taskId, jobName, subTaskId, status } = message.json<{ taskId: string; jobName: string; subTaskId: string; status: string }>();
    note(monitors, `${subTaskId} ${status}`, { subject: message.subject, taskId, job: jobName, times: [Date.now()] });
  };
  for (const action of ['start', 'pre-start']) {
    for (const prefix of ['natsjob', 'natsjob-void']) nc.subscribe(`${prefix}.job.${action}.${namespace}.${app}.*`, { callback: look });
  }
  nc.subscribe(`natsjob.job.client-start.${namespace}.${app}.*.*`, { callback: look });
  nc.subscribe('natsjob.job.monitor', { callback: monitored });
  nc.subscribe('natsjob.job.monitor.*.*', { callback: monitored });
  await nc.flush();
  return {
    get count() {
      return count;
    },
    get isConnected() {
      return isConnected;
    },
    get losses() {
      return losses;
    },
    get sightings() {
      return seen.values();
    },
    get monitors() {
      return monitors.values();
    },
    async more(messages, deadlineMs) {
      const goal = count + messages;
      await until(() => count >= goal, { deadlineMs }).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => nc.close(),
  };
}

function note(seen: Map<string, Sighting>, kind: string, sighting: Sighting): void {
  const key = `${sighting.subject} ${sighting.taskId} ${kind}`;
  const known = seen.get(key);
  if (known === undefined) seen.set(key, sighting);
  else known.times.push(...sighting.times);
}
