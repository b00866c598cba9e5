import { connect } from '@nats-io/transport-node';
import { startNatsServer } from './nats-server.ts';
import type { TestNatsServer } from './nats-server.ts';
import { sparePort } from './spare-port.ts';
import { until } from './until.ts';

export interface TestNatsCluster {
  readonly servers: readonly TestNatsServer[];
  /** All servers, with commas. */
  readonly url: string;
  /** The server that leads the stream now. */
  leaderOf(stream: string): Promise<TestNatsServer>;
  /** Makes the stream's leader give its place up, and resolves when another one has it. */
  stepDown(stream: string): Promise<void>;
  /** Resolves when every server has all of the stream: before that the loss of another one may leave no majority that has it. */
  untilCurrent(stream: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const UP_MS = 60_000;

/** Three nats-servers that are a JetStream cluster. */
export async function startNatsCluster(): Promise<TestNatsCluster> {
  const routes = [await sparePort(), await sparePort(), await sparePort()];
  const urls = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  const names = routes.map((_, n) => `server-${n + 1}`);
  const servers = await Promise.all(routes.map(async (route, n) => startNatsServer({ port: await sparePort(), config: `server_name: ${names[n]}\ncluster { name: test, host: "127.0.0.1", port: ${route}, routes: [${urls}] }` })));
  const cluster: TestNatsCluster = {
    servers,
    url: servers.map(({ url }) => url).join(','),
    async leaderOf(stream) {
      const leader = await until(async () => (await ask(`$JS.API.STREAM.INFO.${stream}`)).cluster?.leader, { deadlineMs: UP_MS, what: `a leader of ${stream}` });
      return servers[names.indexOf(leader)] as TestNatsServer;
    },
    async stepDown(stream) {
      const before = await cluster.leaderOf(stream);
      await until(async () => {
        // Again where it was not heard.
        await ask(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`);
        return (await cluster.leaderOf(stream)) !== before;
      }, { deadlineMs: UP_MS, what: `another leader of ${stream}` });
    },
    async untilCurrent(stream) {
      await until(async () => {
        const { cluster: group } = await ask(`$JS.API.STREAM.INFO.${stream}`);
        return group?.leader !== undefined && group.replicas?.length === servers.length - 1 && group.replicas.every(({ current, offline }) => current && offline !== true);
      }, { deadlineMs: UP_MS, what: `three copies of ${stream}` });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
  // Only then all three are known to each other: this needs the word of each.
  await until(async () => (await ask('$JS.API.STREAM.CREATE.test', JSON.stringify({ name: 'test', subjects: ['test'], num_replicas: servers.length }))).config !== undefined, { deadlineMs: UP_MS, what: 'three servers in the cluster' });
  await ask('$JS.API.STREAM.DELETE.test');
  return cluster;

  async function ask(subject: string, text = ''): Promise<{ cluster?: { leader?: string; replicas?: { current: boolean; offline?: boolean }[] }; config?: object }> {
    for (const { url } of servers) {
      try {
        const client = await connect({ servers: url, reconnect: false, timeout: 1_000, ignoreClusterUpdates: true });
        try {
          return (await client.request(subject, text, { timeout: 2_000 })).json();
        } finally {
          await client.close();
        }
      } catch {
        // The next one.
      }
    }
    return {};
  }
}
