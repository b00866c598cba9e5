import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemError } from '../errors.ts';
import { PROBLEM_TYPE, problemBody } from '../problem.ts';
import { COMMON_HEADERS, DATA_HEADERS } from '../server/security-headers.ts';

/** Answers a request for a WebSocket with a problem. */
export function refuseUpgrade(socket: Duplex, problem: ProblemError): void {
  socket.on('error', () => socket.destroy());
  socket.end(problemText(problem));
}

/** A whole HTTP answer, for where there is no response object. */
export function problemText(problem: ProblemError): string {
  const body = JSON.stringify(problemBody(problem));
  const headers = { ...COMMON_HEADERS, ...DATA_HEADERS, ...problem.headers, 'content-type': PROBLEM_TYPE, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`;
}

/**
 * A request that would like another protocol and has to take ours: Java's HttpClient offers h2c on its first request, and Node,
 * once it has a listener for upgrades, hands it every offer. The request goes to the server once more, without the offer.
 */
export function serveWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    if (!OFFER.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[index + 1]!}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

const OFFER = new Set(['upgrade', 'connection', 'http2-settings']);
