import path from 'node:path';
import type { Clock, Config, Log } from '../src-core/system/index.ts';
import { connectBus, findNatsServer, startEmbeddedNats } from '../src-core/nats/index.ts';
import type { CleanUp } from './clean-up.ts';
import { natsLogin } from './nats-login.ts';

export interface StartNatsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  /** Looked into for a nats-server before cache and PATH. */
  readonly natsServerDirs: readonly string[];
  /** natsjob-helper.exe: runs the embedded server on Windows. */
  readonly helper: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cleanUp: CleanUp;
}

export interface StartedNats {
  readonly bus: Awaited<ReturnType<typeof connectBus>>;
  /** Where NATS is and whose it is, for people. */
  readonly shown: string;
}

/** NATS is required to be there at the start, and is not. */
export class NatsMissingError extends Error {
  override readonly name = 'NatsMissingError';
}

/**
 * Connects to the server the settings name, or to the embedded one. A server that is named and away is waited for by the
 * bus itself, unless the settings require it: then rejects with NatsMissingError.
 */
export async function startNats({ config, clock, log, nodeId, natsServerDirs, helper, environment, cleanUp }: StartNatsOptions): Promise<StartedNats> {
  let url = config.natsUrl;
  let whose = '';
  if (url === '') {
    if (process.platform === 'win32' && helper === undefined) log.warn({}, 'natsjob-helper.exe is missing: the NATS server will be ended at once at a stop');
    const embedded = await startEmbeddedNats({
      binary: async () => config.natsServer || (await findNatsServer({ beside: natsServerDirs, environment })).path,
      port: config.natsPort, storeDir: path.join(config.dataDir, 'nats'), helper, log, clock,
    });
    cleanUp.add('embedded NATS', () => embedded.stop());
    url = embedded.url;
    whose = { started: 'embedded', adopted: 'embedded, still running from before', external: 'already running here' }[embedded.kind] + `, ${embedded.version}`;
  }
  const bus = await connectBus({ url, log, name: `natsjob ${nodeId}`, ...natsLogin(config) });
  cleanUp.add('NATS connection', () => bus.close());
  const isConnected = bus.state === 'connected';
  if (!isConnected && config.requireNats) throw new NatsMissingError(`NATS at ${bus.serverUrl} cannot be reached, and --require-nats says it must be there.`);
  return { bus, shown: `${bus.serverUrl} (${isConnected ? whose || 'connected' : 'away, trying on'})` };
}
