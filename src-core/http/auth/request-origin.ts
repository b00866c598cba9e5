import { isIP } from 'node:net';

/** What of a request says where it comes from. */
export interface RequestTrace {
  readonly socketAddress: string;
  /** "1.0", "1.1" */
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Whether the request was made on this machine. A proxy on this machine has a loopback socket too, so all of these must hold:
 * the socket is loopback; every address in X-Forwarded-For, X-Real-IP and Forwarded is loopback; no other trace of a proxy
 * (X-Forwarded-* without addresses, Via, HTTP/1.0, which nginx speaks to its backends unless told otherwise); and Host is a loopback
 * name, as it is not when a web page has had its own name resolved to 127.0.0.1.
 * A proxy that hides all of this cannot be told from a local program: set a password of your own before putting one in front.
 */
export function isLocal(trace: RequestTrace): boolean {
  const { headers } = trace;
  if (!isLoopback(trace.socketAddress) || trace.httpVersion === '1.0' || headers.via !== undefined) return false;
  if (!isLoopbackHost(textOf(headers.host))) return false;
  const addresses = forwardedAddresses(trace);
  if (addresses.length === 0) return !Object.keys(headers).some((key) => key === 'forwarded' || key.startsWith('x-forwarded-'));
  return addresses.every(isLoopback);
}

/**
 * Whose failed logins are counted together: the address of the socket, or, behind a proxy on this machine, the address that proxy
 * saw (its entry is the last one; those before it are hearsay). An IPv6 network of 64 bits counts as one.
 */
export function clientAddress(trace: RequestTrace): string {
  if (!isLoopback(trace.socketAddress)) return grouped(trace.socketAddress);
  return grouped(forwardedAddresses(trace).at(-1) ?? trace.socketAddress);
}

export function isLoopback(address: string): boolean {
  const plain = bare(address);
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name);
}

function forwardedAddresses({ headers }: RequestTrace): readonly string[] {
  const real = split(textOf(headers['x-real-ip']));
  const standard = [...textOf(headers.forwarded).matchAll(/for=("[^"]*"|[^;,\s]*)/gi)].map((match) => match[1]!.replaceAll('"', ''));
  return [...standard, ...real, ...split(textOf(headers['x-forwarded-for']))].map(bare);
}

function split(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}

function textOf(value: string | readonly string[] | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : value.join(',');
}

/** Without brackets, port, zone and the IPv6 dress of an IPv4 address. */
function bare(address: string): string {
  let text = address.trim().toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text);
  if (bracketed) text = bracketed[1]!;
  else if (/^[\d.]+:\d+$/.test(text)) text = text.slice(0, text.indexOf(':'));
  return text.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/, '');
}

function grouped(address: string): string {
  const plain = bare(address);
  const version = isIP(plain);
  if (version === 0) return 'unknown';
  if (version === 4) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = plain.includes('::') ? [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right] : left;
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
