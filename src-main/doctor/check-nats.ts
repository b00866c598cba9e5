import { redactUrl, type Config, type Log } from '../../src-core/system/index.ts';
import { connectBus, findNatsServer, probeNats } from '../../src-core/nats/index.ts';
import { natsLogin } from '../nats-login.ts';
import { fine, problem, type Finding } from './check.ts';

/** The server the settings name, or the one on this machine, or the program that would be started: in `dirs` first, undefined while it is not unpacked. */
export async function checkNats(config: Config, dirs: readonly string[] | undefined, environment: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  if (config.natsUrl !== '') return [await checkConnection(config, config.natsUrl)];
  const url = `nats://127.0.0.1:${config.natsPort}`;
  const answer = await probeNats(url);
  if (answer === 'jetstream') return [fine('NATS', `a server with JetStream answers at ${url} and will be used`), await checkConnection(config, url)];
  if (answer === 'no-jetstream') return [problem('NATS', `the server at ${url} has no JetStream`, 'start it with -js, or choose another port for the embedded one with --nats-port')];
  if (answer === 'not-nats') return [problem('NATS', `port ${config.natsPort} is taken by a program that is not NATS`, 'stop it, or choose another port with --nats-port')];
  return [await checkProgram(config, dirs, environment)];
}

async function checkProgram(config: Config, dirs: readonly string[] | undefined, environment: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  if (config.natsServer !== '') return fine('NATS', `${config.natsServer} will be started on port ${config.natsPort}`);
  if (dirs === undefined) return fine('NATS', `the nats-server inside this program will be started on port ${config.natsPort}`);
  try {
    const { path, version, source } = await findNatsServer({ beside: dirs, environment });
    return fine('NATS', `nats-server ${version} (${source}: ${path}) will be started on port ${config.natsPort}`);
  } catch (error) {
    return problem('NATS', error instanceof Error ? error.message : String(error), 'put nats-server on PATH, or set NATSJOB_NATS_URL');
  }
}

/** Logs in and asks JetStream something; whatever the client says on the way is the reason. */
async function checkConnection(config: Config, url: string): Promise<Finding> {
  const said: string[] = [];
  const bus = await connectBus({ url, name: 'natsjob doctor', log: listeningLog(said), ...natsLogin(config) });
  try {
    if (bus.state !== 'connected') return problem('JetStream', `${redactUrl(url)} cannot be used: ${redactUrl(said.at(-1) ?? 'no answer')}`, 'look at the address, the user and the firewall (NATSJOB_NATS_URL)');
    const info = await bus.streamInfo('natsjob');
    const roundTripMs = await bus.roundTripMs();
    return fine('JetStream', `${bus.serverUrl}, ${roundTripMs.toFixed(1)} ms away, ${info ? `run log with ${info.messages} messages` : 'no run log yet'}`);
  } catch (error) {
    return problem('JetStream', redactUrl(error instanceof Error ? error.message : String(error)), 'start the server with -js, and let this user use $JS.API.>');
  } finally {
    await bus.close();
  }
}

function listeningLog(said: string[]): Log {
  const hear = (fields: object): void => {
    if ('error' in fields) said.push(String(fields.error));
  };
  return { debug() {}, info() {}, warn: hear, error: hear, child: () => listeningLog(said) };
}
