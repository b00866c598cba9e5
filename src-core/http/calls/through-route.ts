import { InvalidInputError, NodeFaultError } from '../../domain/errors.ts';
import { ProblemError } from '../errors.ts';
import { readFields } from '../routes/fields.ts';
import type { Fields } from '../routes/fields.ts';
import type { Route } from '../routes/route.ts';
import { checkSchema } from '../schema/check-schema.ts';

export type Input = Readonly<Record<string, unknown>>;

/**
 * What the route answers to these values, checked as they are over HTTP: `params` and `query` may have values of JSON where a
 * query has texts. Rejects with the classes of domain/errors.ts; an InvalidInputError names each field.
 */
export async function throughRoute(route: Route, given: { readonly params?: Input; readonly query?: Input; readonly body?: Input }): Promise<unknown> {
  try {
    const { params = {}, query = {}, body = {} } = given;
    const errors = route.body === undefined || route.body.checkedBy === 'scheduler' ? [] : checkSchema(route.body.schema, body);
    if (errors.length > 0) throw new InvalidInputError(errors);
    const call = { params: read(route.params, params), query: read(route.query, query), body, version: 0, caller: undefined, clientAddress: '', local: false };
    return (await route.handle(call as never)).body;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    // Parameters of HTTP are refused in its own words; here they are fields like all others.
    if (error.status === 400) throw new InvalidInputError(error.errors.length > 0 ? error.errors : [{ field: '', message: error.message }]);
    throw new NodeFaultError(error.message);
  }
}

export function asInput(input: unknown): Input {
  if (input === undefined || input === null) return {};
  if (typeof input !== 'object' || Array.isArray(input)) throw new InvalidInputError([{ field: '', message: 'must be a JSON object' }]);
  return input as Input;
}

function read(fields: Fields, values: Input): Record<string, unknown> {
  const texts = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    const all = Array.isArray(value) ? (value as unknown[]) : [value];
    if (all.length === 0) continue;
    if (all.some((each) => typeof each === 'object')) throw new InvalidInputError([{ field: name.slice(0, 64), message: 'must be text, a number or a list of texts' }]);
    texts.set(name, all.map(String));
  }
  return readFields(fields, texts);
}
