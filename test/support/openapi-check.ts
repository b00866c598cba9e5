import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { ApiAnswer, ProgramApi } from './program-api.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
}

/** An API that holds each answer against the OpenAPI document the program serves. */
export interface CheckedApi {
  readonly api: ProgramApi;
  /** Ids of the operations seen, with the statuses they answered. */
  readonly seen: ReadonlyMap<string, ReadonlySet<number>>;
  /** Ids of all documented operations. */
  readonly documented: readonly string[];
}

export async function checkedApi(api: ProgramApi): Promise<CheckedApi> {
  const document = (await api.get('/openapi.json')).body as { paths: Record<string, Record<string, Operation>>; components: object };
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/ } });
  ajv.addSchema({ $id: 'doc', components: document.components });
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`), path, operation })));
  // What has no parameter in its path goes first: /jobs/bulk is no job.
  operations.sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));
  const seen = new Map<string, Set<number>>();
  const validators = new Map<string, ReturnType<typeof ajv.compile>>();

  async function check(method: string, path: string, pending: Promise<ApiAnswer>): Promise<ApiAnswer> {
    const answer = await pending;
    const full = path.startsWith('//') ? path.slice(1) : `/natsjob/api${path}`;
    const { operation } = operations.find((one) => one.method === method && one.pattern.test(full.split('?')[0] ?? '')) ?? {};
    if (operation === undefined) return answer;
    const about = `${operation.operationId} ${answer.status}`;
    const statuses = seen.get(operation.operationId) ?? new Set();
    seen.set(operation.operationId, statuses.add(answer.status));
    const response = operation.responses[answer.status];
    expect(response, `${about} is documented; it says ${JSON.stringify(answer.body).slice(0, 300)}`).toBeDefined();
    if (response?.content === undefined) return answer;
    const media = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    expect(Object.keys(response.content), about).toContain(media);
    const validate = validators.get(about + media) ?? ajv.compile(JSON.parse(JSON.stringify(response.content[media]?.schema).replaceAll('"#/', '"doc#/')) as object);
    validators.set(about + media, validate);
    const isValid = validate(answer.body);
    expect(isValid ? [] : validate.errors, `${about}: ${JSON.stringify(answer.body).slice(0, 300)}`).toEqual([]);
    return answer;
  }

  return {
    seen,
    documented: operations.map(({ operation }) => operation.operationId),
    api: {
      token: () => api.token(),
      get: (path, headers) => check('GET', path, api.get(path, headers)),
      post: (path, body, headers) => check('POST', path, api.post(path, body, headers)),
      put: (path, body, headers) => check('PUT', path, api.put(path, body, headers)),
      patch: (path, body, headers) => check('PATCH', path, api.patch(path, body, headers)),
      del: (path, headers) => check('DELETE', path, api.del(path, headers)),
      raw: (method, path, body, headers) => check(method, path, api.raw(method, path, body, headers)),
    },
  };
}
