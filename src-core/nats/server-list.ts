/** One NATS server to dial, with what it takes to be let in. */
export interface ServerAddress {
  /** host:port, IPv6 hosts in brackets. */
  readonly address: string;
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

const DEFAULT_PORT = '4222';

/**
 * Reads `nats://user:pass@host:port,host2,tls://host3:4333`. User and password apply to the servers that
 * name none themselves; a user without a password is a token. Throws a TypeError that does not repeat the text,
 * because it may hold a password.
 */
export function parseServerList(url: string): readonly ServerAddress[] {
  const parsed = url.split(',').map((part) => part.trim()).filter((part) => part !== '').map(parseOne);
  const first = parsed[0];
  if (first === undefined) throw new TypeError('The NATS URL is empty.');
  return parsed.map((server) => (server.user === undefined && server.token === undefined ? { ...withoutAddress(first), ...server } : server));
}

/** `nats://host:port`, nothing else: fit for logs and people. */
export function publicUrl(server: ServerAddress): string {
  return `${server.tls ? 'tls' : 'nats'}://${server.address}`;
}

/** A server that another one told us of: same way in, no credentials of its own. */
export function discovered(address: string, from: ServerAddress): ServerAddress {
  return { ...from, address };
}

function parseOne(text: string): ServerAddress {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`;
  const scheme = withScheme.slice(0, withScheme.indexOf(':')).toLowerCase();
  if (scheme !== 'nats' && scheme !== 'tls') throw new TypeError(`A NATS URL begins with nats:// or tls://, not ${scheme}://.`);
  let parts: URL;
  try {
    // The URL class knows no nats: scheme; http: makes it read host and port by the common rules.
    parts = new URL(`http:${withScheme.slice(scheme.length + 1)}`);
  } catch {
    throw new TypeError('The NATS URL is not of the form nats://user:password@host:port.');
  }
  if (parts.hostname === '') throw new TypeError('The NATS URL names no host.');
  // The URL class drops :80, http's default port.
  const port = parts.port !== '' ? parts.port : /:80(?:\/|$)/.test(withScheme) ? '80' : DEFAULT_PORT;
  const base = { address: `${parts.hostname}:${port}`, tls: scheme === 'tls' };
  if (parts.username === '') return base;
  const user = decodeURIComponent(parts.username);
  return parts.password === '' ? { ...base, token: user } : { ...base, user, password: decodeURIComponent(parts.password) };
}

function withoutAddress(server: ServerAddress): Omit<ServerAddress, 'address' | 'tls'> {
  const { address: _address, tls: _tls, ...rest } = server;
  return rest;
}
