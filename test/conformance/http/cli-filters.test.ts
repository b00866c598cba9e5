import { afterAll, beforeAll, expect, test } from 'vitest';
import { API_BASE } from '../../../src-core/http/contract.ts';
import { encodeCursor } from '../../../src-core/http/cursor.ts';
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts';
import { COMMANDS } from '../../../src-main/commands/index.ts';
import { PASSWORD, startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture();
});
afterAll(() => http.server.stop());

test.each([
  {
    command: 'runs ls', path: '/runs',
    values: {
      namespace: 'app', app: 'orders', job: 'nightly', state: 'failed,expired', trigger: 'manual', worker: 'w1', from: '2026-03-01T00:00:00Z', to: '2026-03-01T01:00:00Z', reason: 'time',
      'monitor-status': 'red', 'monitor-payload': 'pay', args: 'order.id:17', 'min-duration-ms': '5', limit: '7', cursor: encodeCursor('runs', '17'),
    },
    call: 'runs.list({"namespace":"app","app":"orders","from":1772323200000,"to":1772326800000,"reason":"time","monitorStatus":"red","minDurationMs":5,"monitorPayload":"pay","args":"order.id:17","states":["failed","expired"],"triggers":["manual"],"workerId":"w1","job":"nightly"}, {"limit":7,"before":"17"})',
  },
  {
    command: 'job ls', path: '/jobs',
    values: { namespace: 'app', app: 'orders', q: 'ni', state: 'enabled', category: 'map', model: 'max', tag: 'x', limit: '200', cursor: encodeCursor('jobs', 'app.orders.a') },
    call: 'jobs.list({"namespace":"app","app":"orders","q":"ni","state":"enabled","category":"map","model":"max","tag":"x"}, {"limit":200,"after":"app.orders.a"})',
  },
])('$command has a flag for every filter of GET $path', async ({ command, path, values, call }) => {
  const { body } = await http.send('GET', '/openapi.json');
  const parameters = (body.paths[`${API_BASE}${path}`].get.parameters as { name: string }[]).map(({ name }) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  expect(Object.keys(values).sort()).toEqual(parameters.sort());
  http.calls.length = 0;
  const said: string[] = [];
  const argv = [...command.split(' '), '--json', '--url', http.origin, ...Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, value])];
  const env = { NATSJOB_LOGIN_USER: 'admin', NATSJOB_LOGIN_PWD: PASSWORD };
  expect(await runCommandLine({ argv, env, cwd: '/nowhere-at-all', programDir: '/', print: () => undefined, say: (line) => said.push(line) }, COMMANDS), said.join('\n')).toBe(0);
  expect(http.calls).toEqual([call]);
});
