import type { Socket } from 'node:net';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../ports/log.ts';
import type { Session } from '../auth/session.ts';
import { API_BASE } from '../contract.ts';
import { ProblemError } from '../errors.ts';
import { problemText } from '../live/upgrade.ts';
import type { Pages } from '../pages/pages.ts';
import { PROBLEM_TYPE, problemBody } from '../problem.ts';
import { fullPath } from '../routes/route.ts';
import type { Route } from '../routes/route.ts';
import { isOwnOrigin } from './check-origin.ts';
import { parseJsonBody } from './json-body.ts';
import { answerFor, unsupportedType } from './problem-answer.ts';
import { registerRoutes } from './register-routes.ts';
import { COMMON_HEADERS, DATA_HEADERS } from './security-headers.ts';

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly session: Session;
  readonly pages: Pages;
  readonly log: Log;
  readonly allowOrigins: readonly string[];
  onAnswer(status: number): void;
}

export const BODY_LIMIT = 1_048_576;

/** The server with everything on it but the WebSocket; not listening yet. */
export function createApp({ routes, session, pages, log, allowOrigins, onAnswer }: AppOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
    // A namespace, an app and a name of 64 characters each; the query is read in read-call.ts.
    routerOptions: { maxParamLength: 512, querystringParser: () => ({}) },
    frameworkErrors: (error, request, reply) => sendProblem(reply as never, error, `${request.method} (bad URL)`),
    clientErrorHandler: answerBrokenRequest,
  });
  const sendProblem = async (reply: FastifyReply, error: unknown, request: string): Promise<FastifyReply> => {
    const problem = answerFor(error, log, request);
    if (problem.status === 413) await readOn(reply);
    reply.code(problem.status).headers(COMMON_HEADERS).headers(DATA_HEADERS).headers(problem.headers).type(PROBLEM_TYPE);
    return reply.serializer((text: unknown) => text as string).send(JSON.stringify(problemBody(problem)));
  };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      if (!isUtf8(request.headers['content-type'])) throw unsupportedType();
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(COMMON_HEADERS);
  });
  app.addHook('onResponse', async (_request, reply) => onAnswer(reply.statusCode));
  app.setErrorHandler((error, request, reply) => sendProblem(reply, error, `${request.method} ${request.routeOptions.url ?? '(no route)'}`));
  app.setNotFoundHandler(async (request, reply) => {
    const page = await findPage(pages, request);
    if (page) return reply.code(page.status).headers(page.headers).send(page.body);
    throw notFound(routes, request);
  });
  registerRoutes(app, routes, { session, log, checkOrigin: (request) => checkOrigin(request, allowOrigins) });
  return app;
}

/**
 * A connection that is closed on somebody who still sends is lost to them, and the answer with it: what is left of the
 * body is read and thrown away, up to a bound. Who wants the connection closed after the answer, as proxies do, has it
 * when all has been read.
 */
async function readOn(reply: FastifyReply): Promise<void> {
  const { raw } = reply.request;
  let left = READ_ON_BYTES;
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) raw.destroy();
  });
  reply.removeHeader('connection');
  if (!reply.raw.shouldKeepAlive && !raw.readableEnded && !raw.destroyed) await new Promise<void>((resolve) => raw.once('end', resolve).once('close', resolve));
}

const READ_ON_BYTES = 64 * BODY_LIMIT;

function isUtf8(contentType: string | undefined): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

/** No cookie of ours exists; should one ever, another site must not be able to use it. */
function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.headers.cookie === undefined) return;
  if (!isOwnOrigin(request.headers, allowed)) throw new ProblemError(403, 'foreign-origin', 'Not from here', 'The request comes from a page of another site.');
}

async function findPage(pages: Pages, request: FastifyRequest): Promise<Awaited<ReturnType<Pages['answer']>>> {
  const path = pathOf(request);
  if ((request.method !== 'GET' && request.method !== 'HEAD') || path === API_BASE || path.startsWith(`${API_BASE}/`)) return undefined;
  const { accept = '', 'accept-encoding': encodings } = request.headers;
  return pages.answer({ path, accept, acceptEncoding: String(encodings ?? ''), ifNoneMatch: request.headers['if-none-match'] });
}

function notFound(routes: readonly Route[], request: FastifyRequest): ProblemError {
  const path = pathOf(request);
  const methods = routes.filter((route) => patternOf(route).test(path)).map((route) => route.method);
  if (methods.length === 0) return new ProblemError(404, 'no-such-path', 'Not found', 'There is nothing at this path.');
  const allow = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return new ProblemError(405, 'method-not-allowed', 'Method not allowed', `${request.method} is not possible here; ${allow.join(', ')} ${allow.length === 1 ? 'is' : 'are'}.`, { headers: { allow: allow.join(', ') } });
}

function patternOf(route: Route): RegExp {
  return new RegExp(`^${fullPath(route).replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}

function pathOf(request: FastifyRequest): string {
  const end = request.url.search(/[?#]/);
  return end < 0 ? request.url : request.url.slice(0, end);
}

/** What could not even be read as HTTP never becomes a request. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(problemText(brokenProblem(error.code)));
}

function brokenProblem(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError(431, 'headers-too-large', 'Headers too large', 'The headers are larger than 16 kB.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProblemError(408, 'request-timeout', 'Request timeout', 'The request was not sent in time.');
  return new ProblemError(400, 'bad-request', 'Bad request', 'This is not a valid HTTP request.');
}
