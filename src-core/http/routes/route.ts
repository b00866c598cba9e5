import { API_BASE } from '../contract.ts';
import type { Schema, SchemaOf } from '../schema/schema.ts';
import type { Fields, Required, Values } from './fields.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who asks. */
export interface Caller {
  readonly user: string;
  readonly tokenId: string;
  /** Epoch ms. */
  readonly issuedAt: number;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** What a route sees of a request once everything about it has been checked. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The version in If-Match; 0 on routes that do not ask for one. */
  readonly version: number;
  /** Always there where a login is needed. */
  readonly caller: Caller | undefined;
  /** Whose tries to log in are counted together. */
  readonly clientAddress: string;
  /** From this machine, with no proxy between that came from elsewhere. */
  readonly local: boolean;
}

export interface Answer {
  readonly status: number;
  /** Undefined = no content. Sent as JSON, unless `contentType` says that it is text of that type. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface BodyRule<B = unknown> {
  readonly schema: SchemaOf<B>;
  /** `scheduler`: passed on as it came. `http`: checked against the schema before the route sees it. */
  readonly checkedBy: 'http' | 'scheduler';
  /** An absent body counts as `{}`. */
  readonly optional?: boolean;
}

/** One entry of the table from which the routes are registered and the OpenAPI document is built. */
export interface Route {
  readonly method: Method;
  /** Below the base, unless `atRoot`; parameters in braces. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  /** Absent: a login is needed. `open`: nobody asks. `optional`: a good token shows more. */
  readonly access?: 'open' | 'optional';
  /** Stands beside the base instead of below it. */
  readonly atRoot?: boolean;
  readonly params: Fields;
  readonly query: Fields;
  readonly body?: BodyRule;
  /** Edits: If-Match is required. */
  readonly ifMatch?: boolean;
  /** Schema of each good answer; null = no content; a text = plain text of that media type. */
  readonly answers: Readonly<Record<number, Schema | string | null>>;
  /** Statuses of the problems that are this route's own. */
  readonly problems: readonly number[];
  handle(call: Call<never, never, never>): Promise<Answer>;
}

export interface RouteDefinition<P extends Fields, Q extends Fields, B> extends Omit<Route, 'params' | 'query' | 'body' | 'problems' | 'handle'> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: BodyRule<B>;
  readonly problems?: readonly number[];
  handle(call: Call<Required<P>, Values<Q>, B>): Promise<Answer>;
}

/** Ties the types of a handler to the fields and the body's schema of its route. */
export function defineRoute<B = unknown, P extends Fields = Record<never, never>, Q extends Fields = Record<never, never>>(definition: RouteDefinition<P, Q, B>): Route {
  return { params: {}, query: {}, problems: [], ...definition } as unknown as Route;
}

export function ok(body: unknown, version?: number): Answer {
  return { status: 200, body, ...(version === undefined ? {} : { headers: { etag: `"${version}"` } }) };
}

/** `location` is below the base. */
export function created(body: unknown, location: string, version: number): Answer {
  return { status: 201, body, headers: { etag: `"${version}"`, location } };
}

/** Where the route is served. */
export function fullPath(route: Pick<Route, 'path' | 'atRoot'>): string {
  return route.atRoot ? route.path : API_BASE + route.path;
}

export const NO_CONTENT: Answer = { status: 204 };
