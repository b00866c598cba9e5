import { connect } from 'node:net';

/** What listens at an address: a NATS server with or without JetStream, something else, or nothing. */
export type NatsProbe = 'jetstream' | 'no-jetstream' | 'not-nats' | 'nothing';

export interface ProbeResult {
  readonly kind: NatsProbe;
  /** The server's name for itself and its version; '' when it is no NATS server. */
  readonly serverName: string;
  readonly version: string;
  /** It took the connection and said nothing: something else, or a NATS server that has no time yet, or ends at this moment. */
  readonly isSilent?: boolean;
}

const CONNECT_MS = 1_000;
/** A NATS server that has just been started on a busy machine takes connections a while before it speaks. */
const GREETING_MS = 5_000;
const MAX_GREETING = 64 * 1024;

/** Looks at `nats://host:port`. Never rejects; takes a second when nobody is there, five when whoever is there says nothing. */
export async function probeNats(url: string): Promise<NatsProbe> {
  const { hostname, port } = new URL(url.replace(/^[a-z]+:/i, 'http:'));
  return (await probeServer(hostname.replace(/^\[|\]$/g, ''), port === '' ? 4222 : Number(port))).kind;
}

/** A NATS server speaks first, with a line that says who it is: no credentials are needed to read that. */
export function probeServer(host: string, port: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let greeting = '';
    const socket = connect({ host, port });
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      resolve(result);
    };
    let connected = false;
    const giveUp = (): void => finish({ ...nobody(connected ? 'not-nats' : 'nothing'), isSilent: connected && greeting === '' });
    // A process that stood still finds its time up before it has looked at what came: that is looked at first.
    const within = (limitMs: number): NodeJS.Timeout => setTimeout(() => setImmediate(() => {
      if (!connected || limitMs === GREETING_MS) giveUp();
    }), limitMs);
    let timer = within(CONNECT_MS);
    socket.setEncoding('utf8');
    socket.once('connect', () => {
      connected = true;
      clearTimeout(timer);
      timer = within(GREETING_MS);
    });
    socket.once('error', giveUp);
    socket.once('close', giveUp);
    socket.on('data', (text: string) => {
      greeting += text;
      if (greeting.includes('\r\n') || greeting.length > MAX_GREETING || !'INFO '.startsWith(greeting.slice(0, 5))) finish(readGreeting(greeting));
    });
  });
}

function readGreeting(greeting: string): ProbeResult {
  const line = greeting.slice(0, greeting.indexOf('\r\n'));
  if (!line.startsWith('INFO ')) return nobody('not-nats');
  try {
    const info = JSON.parse(line.slice(5)) as { jetstream?: unknown; server_name?: unknown; version?: unknown };
    return {
      kind: info.jetstream === true ? 'jetstream' : 'no-jetstream',
      serverName: typeof info.server_name === 'string' ? info.server_name : '',
      version: typeof info.version === 'string' ? info.version : '',
    };
  } catch {
    return nobody('not-nats');
  }
}

function nobody(kind: 'not-nats' | 'nothing'): ProbeResult {
  return { kind, serverName: '', version: '' };
}
