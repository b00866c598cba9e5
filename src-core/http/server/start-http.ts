import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { SchedulerApi } from '../../ports/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HostApi } from '../../ports/host.ts';
import type { LoginKeeper } from '../../ports/login-keeper.ts';
import type { Log } from '../../ports/log.ts';
import type { Credentials } from '../auth/credentials.ts';
import { createSession } from '../auth/session.ts';
import { ListenError, PortTakenError } from '../errors.ts';
import { startLive } from '../live/live-server.ts';
import type { LiveLimits } from '../live/live-limits.ts';
import { createViewMetrics } from '../metrics/view-metrics.ts';
import { createPages } from '../pages/pages.ts';
import { allRoutes } from '../routes/all-routes.ts';
import { createApp } from './create-app.ts';

export interface HttpOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly api: SchedulerApi;
  readonly hostApi: HostApi;
  readonly log: Log;
  readonly clock: Clock;
  /** From createMetrics. */
  readonly registry: Registry;
  readonly credentials: Credentials;
  readonly secretKey: Uint8Array | string;
  readonly tokenExpireMs: number;
  /** Absent = logouts and a password changed here hold until the process ends. */
  readonly loginKeeper?: LoginKeeper;
  readonly version: string;
  /** Folder of the built panel; absent = a plain page instead. */
  readonly panelDir?: string;
  /** Origins of pages that are not served by us and may use the live feed all the same. */
  readonly allowOrigins?: readonly string[];
  readonly liveLimits?: Partial<LiveLimits>;
}

export interface HttpServer {
  /** Where a browser on this machine finds it, with a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** For POST /login/one-time: works once, within a minute, from this machine. A secret. */
  issueOneTimeToken(): string;
  /** Resolves when nothing of it is left: no socket, no timer. */
  stop(): Promise<void>;
}

/** Rejects with PortTakenError or ListenError; nothing is left behind then. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { api, log, clock, version, allowOrigins = [] } = options;
  const session = await createSession(options);
  const pages = await createPages({ panelDir: options.panelDir, version });
  const metrics = createViewMetrics({ api, engine: options.registry, version, log, liveConnections: () => live.connections });
  const routes = allRoutes({ api, host: options.hostApi, clock, session, version, scrape: () => metrics.scrape() });
  const app = createApp({ routes, session, pages, log, allowOrigins, onAnswer: (status) => metrics.requests.add(String(status), 1) });
  const live = startLive({ server: app.server, api, watch: (subject, onMessage) => options.hostApi.nats.watch(subject, onMessage), session, clock, log, version, allowOrigins, ...(options.liveLimits ? { limits: options.liveLimits } : {}) });
  const stop = async (): Promise<void> => {
    await live.stop();
    // Whoever does not take its answer in time shall not keep the process from stopping.
    const cancel = clock.after(STOP_GRACE_MS, () => app.server.closeAllConnections());
    await app.close();
    cancel();
  };
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await stop();
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new PortTakenError(options.host, options.port, error) : new ListenError(options.host, options.port, error);
  }
  const { port } = app.server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return { url: `http://${browsable(options.host)}:${port}/`, port, issueOneTimeToken: () => session.issueOneTimeToken(), stop: () => (stopped ??= stop()) };
}

const STOP_GRACE_MS = 2_000;

/** All addresses at once are no address to type into a browser. */
function browsable(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
