import type { Session } from '../auth/session.ts';
import { LOGIN_REQUEST, ONE_TIME_LOGIN_REQUEST, PASSWORD_REQUEST } from '../schema/request-schemas.ts';
import { ref } from '../schema/schema.ts';
import { formatTime } from '../times.ts';
import { defineRoute, NO_CONTENT, ok } from './route.ts';
import type { Route } from './route.ts';

export function sessionRoutes(session: Session, version: string): readonly Route[] {
  const tag = 'Session';
  return [
    defineRoute({
      method: 'POST', path: '/login', operationId: 'login', summary: 'A token for user and password', tag, access: 'open',
      body: { schema: LOGIN_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('Login') }, problems: [401, 403, 429],
      handle: async ({ body, clientAddress, local }) => {
        const { token, expiresAt } = await session.login(body.user, body.password, { clientAddress, local });
        return ok({ token, expiresAt: formatTime(expiresAt) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/login/one-time', operationId: 'loginOneTime', summary: 'A token for one that the program gave to a window of its own; from this machine only', tag, access: 'open',
      body: { schema: ONE_TIME_LOGIN_REQUEST, checkedBy: 'http' },
      answers: { 200: ref('Login') }, problems: [401, 403, 429],
      handle: async ({ body, clientAddress, local }) => {
        const { token, expiresAt } = await session.loginOneTime(body.token, { clientAddress, local });
        return ok({ token, expiresAt: formatTime(expiresAt) });
      },
    }),
    defineRoute({
      method: 'POST', path: '/logout', operationId: 'logout', summary: 'Make the token useless', tag,
      answers: { 204: null },
      handle: async ({ caller }) => {
        await session.logout(caller!);
        return NO_CONTENT;
      },
    }),
    defineRoute({
      method: 'POST', path: '/sessions/revoke', operationId: 'revokeSessions', summary: 'Make all other tokens useless', tag,
      answers: { 204: null },
      handle: async ({ caller }) => {
        await session.logoutOthers(caller!);
        return NO_CONTENT;
      },
    }),
    defineRoute({
      method: 'POST', path: '/me/password', operationId: 'changePassword', summary: 'Another password, unless a setting gives it; all other sessions end', tag,
      body: { schema: PASSWORD_REQUEST, checkedBy: 'http' },
      answers: { 204: null }, problems: [403, 409, 429],
      handle: async ({ caller, body, clientAddress, local }) => {
        await session.changePassword(caller!, body, { clientAddress, local });
        return NO_CONTENT;
      },
    }),
    defineRoute({
      method: 'GET', path: '/me', operationId: 'me', summary: 'Who is logged in', tag,
      answers: { 200: ref('Me') },
      handle: async ({ caller }) => ok({ user: caller!.user, expiresAt: formatTime(caller!.expiresAt), defaultPassword: session.isDefaultPassword, version }),
    }),
  ];
}
