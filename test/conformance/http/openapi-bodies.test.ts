import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJobSpec, readNamed } from '../../../src-core/domain/job-input.ts';
import { patchJobInput } from '../../../src-core/domain/job-patch.ts';
import type { Schema } from '../../../src-core/http/schema/schema.ts';
import { APP, JOB, jobView, NAMESPACE } from '../../support/fake-api.ts';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture();
  // As the engine reads them.
  http.answer('namespaces.create', (input: unknown) => after(readNamed(input), NAMESPACE));
  http.answer('namespaces.update', (name: string, patch: unknown) => after(readNamed(patch, name), NAMESPACE));
  http.answer('apps.create', (_namespace: string, input: unknown) => after(readNamed(input), APP));
  http.answer('apps.update', (_namespace: string, name: string, patch: unknown) => after(readNamed(patch, name), APP));
  http.answer('jobs.create', (input: unknown) => jobView(readJobSpec(input, bytes)));
  http.answer('jobs.replace', (_id: string, input: unknown) => jobView(readJobSpec(input, bytes)));
  http.answer('jobs.update', (_id: string, patch: unknown) => jobView(readJobSpec(patchJobInput(JOB, patch), bytes)));
});
afterAll(() => http.server.stop());

test('a body of nothing but what the description requires is taken, and one without any of it is not', async () => {
  const { body: document } = await http.send('GET', '/openapi.json');
  const paths = document.paths as Record<string, Record<string, Operation>>;
  let tried = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const schema = operation.requestBody?.content['application/json'].schema;
      // A login takes no made-up words, nor does a new password.
      if (schema === undefined || operation.operationId.startsWith('login') || ['changePassword', 'publish'].includes(operation.operationId)) continue;
      tried++;
      const url = path.replace('/natsjob/api', '').replace('{ns}', 'app').replace('{namespace}', 'app').replace('{app}', 'orders').replace('{id}', '7').replace('{taskId}', '12');
      const headers: Record<string, string> = operation.parameters.some(({ name }) => name === 'If-Match') ? { 'if-match': '"12"' } : {};
      const required = requiredOf(schema);
      const body = Object.fromEntries(required.map((name) => [name, sampleOf(schema.properties![name]!)]));
      const answer = await http.send(method.toUpperCase(), url, body, headers);
      expect(answer.status, `${operation.operationId} ${JSON.stringify(body)} ${answer.text}`).toBeLessThan(300);
      for (const name of required) {
        const { [name]: _left, ...rest } = body;
        expect((await http.send(method.toUpperCase(), url, rest, headers)).body, `${operation.operationId} without ${name}`).toMatchObject({ status: 400, errors: [{ field: name }] });
      }
    }
  }
  expect(tried).toBeGreaterThanOrEqual(11);
});

/** The answer, once the input has been read without a complaint. */
function after<T>(_read: unknown, answer: T): T {
  return answer;
}

function requiredOf(schema: Schema): readonly string[] {
  return [...schema.required ?? [], ...schema.oneOf?.[0]?.required ?? []];
}

function sampleOf(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === 'array') return [sampleOf(schema.items!)];
  if (schema.type === 'string') return 'x';
  if (schema.type === 'boolean') return true;
  throw new Error(`no sample for ${JSON.stringify(schema)}`);
}
