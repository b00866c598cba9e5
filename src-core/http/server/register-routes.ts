import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../ports/log.ts';
import { readBearer } from '../auth/session.ts';
import type { Session } from '../auth/session.ts';
import { ProblemError } from '../errors.ts';
import { fullPath } from '../routes/route.ts';
import type { Answer, Caller, Route } from '../routes/route.ts';
import { readCall } from './read-call.ts';
import { DATA_HEADERS } from './security-headers.ts';

export interface RegisterOptions {
  readonly session: Session;
  readonly log: Log;
  /** Throws the 403 problem for a cookie-carrying request from another site. */
  checkOrigin(request: FastifyRequest): void;
}

export function registerRoutes(app: FastifyInstance, routes: readonly Route[], options: RegisterOptions): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  for (const route of routes) {
    app.route({
      method: route.method,
      url: fullPath(route).replace(/\{(\w+)\}/g, ':$1'),
      // Before the body is read: a stranger's megabyte is not worth parsing.
      onRequest: async (request) => {
        options.checkOrigin(request);
        const caller = await findCaller(route, request, options.session);
        if (caller) callers.set(request, caller);
      },
      handler: async (request, reply) => send(reply, await route.handle(readCall(route, request, callers.get(request)))),
    });
  }
}

async function findCaller(route: Route, request: FastifyRequest, session: Session): Promise<Caller | undefined> {
  if (route.access === 'open') return undefined;
  const token = readBearer(request.headers.authorization);
  if (route.access === undefined) return session.authenticate(token);
  try {
    return await session.authenticate(token);
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(DATA_HEADERS);
  if (answer.headers) reply.headers(answer.headers);
  if (answer.body === undefined) return reply.send();
  if (answer.contentType !== undefined) return reply.type(answer.contentType).send(answer.body);
  return reply.type('application/json; charset=utf-8').serializer(asIs).send(JSON.stringify(answer.body));
}

function asIs(text: unknown): string {
  return text as string;
}
