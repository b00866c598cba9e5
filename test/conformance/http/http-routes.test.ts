import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { encodeCursor } from '../../../src-core/http/cursor.ts';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture();
});
afterAll(() => http.server.stop());
beforeEach(() => {
  http.calls.length = 0;
});

interface Row {
  readonly call: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  /** What the scheduler is asked. */
  readonly calls?: readonly string[];
  /** Fields named by the problem. */
  readonly fields?: readonly string[];
  readonly has?: Record<string, unknown>;
}

const EDIT = { 'if-match': '"12"' };
const BODY = { name: 'nightly', anything: ['goes', 1] };

const ROWS: readonly Row[] = [
  { call: 'GET /me', status: 200, has: { user: 'admin', defaultPassword: false, version: '1.2.3' } },
  { call: 'GET /namespaces', status: 200, calls: ['namespaces.list({"limit":50})'] },
  { call: 'GET /namespaces?limit=7', status: 200, calls: ['namespaces.list({"limit":7})'] },
  { call: 'POST /namespaces', body: BODY, status: 201, calls: ['namespaces.create({"name":"nightly","anything":["goes",1]})'] },
  { call: 'GET /namespaces/app', status: 200, calls: ['namespaces.get("app")'], has: { name: 'app', version: 3 } },
  { call: 'GET /namespaces/a.b', status: 400, calls: [], fields: ['ns'] },
  { call: 'PATCH /namespaces/app', body: BODY, headers: EDIT, status: 200, calls: ['namespaces.update("app", {"name":"nightly","anything":["goes",1]}, 12)'] },
  { call: 'DELETE /namespaces/app', headers: EDIT, status: 204, calls: ['namespaces.remove("app", 12)'] },
  { call: 'GET /namespaces/app/apps', status: 200, calls: ['apps.list("app", {"limit":50})'] },
  { call: 'POST /namespaces/app/apps', body: BODY, status: 201, calls: ['apps.create("app", {"name":"nightly","anything":["goes",1]})'] },
  { call: 'GET /namespaces/app/apps/orders', status: 200, calls: ['apps.get("app", "orders")'], has: { namespace: 'app', name: 'orders' } },
  { call: 'PATCH /namespaces/app/apps/orders', body: {}, headers: EDIT, status: 200, calls: ['apps.update("app", "orders", {}, 12)'] },
  { call: 'DELETE /namespaces/app/apps/orders', headers: EDIT, status: 204, calls: ['apps.remove("app", "orders", 12)'] },
  { call: 'GET /jobs', status: 200, calls: ['jobs.list({}, {"limit":50})'] },
  { call: 'GET /jobs?namespace=app&app=orders&q=ni%25&state=enabled&category=map&model=max&tag=x&limit=200', status: 200, calls: ['jobs.list({"namespace":"app","app":"orders","q":"ni%","state":"enabled","category":"map","model":"max","tag":"x"}, {"limit":200})'] },
  { call: 'GET /jobs?state=on&category=maps&model=mini&namespace=a.b', status: 400, calls: [], fields: ['namespace', 'state', 'category', 'model'] },
  { call: 'POST /jobs', body: BODY, status: 201, calls: ['jobs.create({"name":"nightly","anything":["goes",1]})'] },
  { call: 'POST /jobs', body: 'null', status: 201, calls: ['jobs.create(null)'] },
  { call: 'POST /jobs', status: 400, calls: [], fields: [''] },
  { call: 'GET /jobs/app.orders.nightly', status: 200, calls: ['jobs.get("app.orders.nightly")'], has: { id: '7', args: { a: 1 }, version: 12 } },
  { call: 'GET /jobs/7', status: 200, calls: ['jobs.get("7")'] },
  { call: 'GET /jobs/seven', status: 400, calls: [], fields: ['id'] },
  { call: 'PUT /jobs/7', body: BODY, headers: EDIT, status: 200, calls: ['jobs.replace("7", {"name":"nightly","anything":["goes",1]}, 12)'] },
  { call: 'PATCH /jobs/7', body: { state: 'disabled' }, headers: EDIT, status: 200, calls: ['jobs.update("7", {"state":"disabled"}, 12)'] },
  { call: 'DELETE /jobs/7', headers: EDIT, status: 204, calls: ['jobs.remove("7", 12)'] },
  { call: 'POST /jobs/7/run', status: 202, calls: ['jobs.run("7", {"trigger":"manual"})'], has: { taskId: '437500000000000001', state: 'active' } },
  { call: 'POST /jobs/7/run', body: { args: [1], delayMs: 5, priority: 20, workerId: 'w', trigger: 'api' }, status: 202, calls: ['jobs.run("7", {"args":[1],"delayMs":5,"priority":20,"workerId":"w","trigger":"api"})'] },
  { call: 'POST /jobs/7/run', body: { delayMs: -1, priority: 'urgent', worker: 'w', trigger: 'map' }, status: 400, calls: [], fields: ['delayMs', 'priority', 'worker', 'trigger'] },
  { call: 'POST /jobs/7/run', body: { priority: 'high' }, status: 202, calls: ['jobs.run("7", {"priority":"high","trigger":"manual"})'] },
  ...[0, 21, 1.5, '', 'High', null, [5]].map((priority) => ({ call: 'POST /jobs/7/run', body: { priority }, status: 400, calls: [], fields: ['priority'] })),
  { call: 'POST /jobs/7/run', body: [], status: 400, calls: [], fields: [''] },
  { call: 'GET /jobs/7/explain', status: 200, calls: ['jobs.explain("7")'], has: { verdict: 'skip', reason: 'disabled' } },
  { call: 'GET /jobs/7/skips?from=2026-03-01T00:00:00Z&to=2026-03-01T02:00:00%2B01:00&limit=3', status: 200, calls: ['jobs.skips("7", {"from":1772323200000,"to":1772326800000}, {"limit":3})'] },
  { call: `GET /jobs/7/skips?reason=overlap&cursor=${encodeCursor('skips', '1772323200000:7:0')}`, status: 200, calls: ['jobs.skips("7", {"reasons":["overlap"]}, {"limit":50,"before":"1772323200000:7:0"})'] },
  { call: `GET /jobs/7/skips?cursor=${encodeCursor('runs', '17')}`, status: 400, calls: [], fields: ['cursor'] },
  { call: 'GET /skips', status: 200, calls: ['skips({}, {"limit":50})'], has: { items: [{ jobId: '7', namespace: 'app', app: 'orders', job: 'nightly', reason: 'overlap', count: 3 }], nextCursor: null } },
  {
    call: `GET /skips?namespace=app&app=orders&job=nightly&reason=overlap,no-worker&from=2026-03-01T00:00:00Z&to=2026-03-01T01:00:00Z&limit=3&cursor=${encodeCursor('skips', '1772323200000:7:0')}`, status: 200,
    calls: ['skips({"namespace":"app","app":"orders","from":1772323200000,"to":1772326800000,"reasons":["overlap","no-worker"],"job":"nightly"}, {"limit":3,"before":"1772323200000:7:0"})'],
  },
  { call: 'GET /skips?job=app.orders.nightly', status: 200, calls: ['skips({"namespace":"app","app":"orders","job":"nightly"}, {"limit":50})'] },
  { call: 'GET /skips?namespace=*&job=a.b&reason=lazy&limit=0&from=2026-03-02T00:00:00Z', status: 400, calls: [], fields: ['namespace', 'job', 'reason', 'limit'] },
  { call: 'GET /skips?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /jobs/7/skips?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /jobs/7/stats?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucketMs=60000', status: 200, calls: ['jobs.stats("7", {"from":1772323200000,"to":1772409600000,"bucketMs":60000})'] },
  { call: 'GET /jobs/7/stats?from=2026-01-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucketMs=60000', status: 400, calls: [], fields: ['bucketMs'] },
  { call: 'GET /jobs/7/stats?bucketMs=90000', status: 400, calls: [], fields: ['bucketMs'] },
  { call: 'POST /jobs/bulk', body: { ids: ['7', '7', '8'], action: 'enable' }, status: 200, calls: ['jobs.bulk({"ids":["7","8"],"action":{"kind":"enable"},"dryRun":false})'], has: { matched: 2 } },
  { call: 'POST /jobs/bulk', body: { filter: {}, action: 'delete', dryRun: true }, status: 200, calls: ['jobs.bulk({"filter":{},"action":{"kind":"delete"},"dryRun":true})'] },
  { call: 'POST /jobs/bulk', body: { filter: { tag: 'x' }, action: 'tag', tag: { add: ['y'] } }, status: 200, calls: ['jobs.bulk({"filter":{"tag":"x"},"action":{"kind":"tag","add":["y"],"remove":[]},"dryRun":false})'] },
  { call: 'POST /jobs/bulk', body: { ids: ['7'], action: 'move', move: { namespace: 'app', app: 'b' } }, status: 200, calls: ['jobs.bulk({"ids":["7"],"action":{"kind":"move","namespace":"app","app":"b"},"dryRun":false})'] },
  { call: 'POST /jobs/bulk', body: { action: 'enable' }, status: 400, calls: [], fields: ['ids'] },
  { call: 'POST /jobs/bulk', body: { ids: ['1'], filter: {}, action: 'enable' }, status: 400, calls: [], fields: ['ids'] },
  { call: 'POST /jobs/bulk', body: { ids: ['1'], action: 'tag' }, status: 400, calls: [], fields: ['tag'] },
  { call: 'POST /jobs/bulk', body: { ids: ['1'], action: 'move' }, status: 400, calls: [], fields: ['move'] },
  { call: 'POST /jobs/bulk', body: { ids: ['1'], action: 'run', move: { namespace: 'app', app: 'b' } }, status: 400, calls: [], fields: ['move'] },
  { call: 'POST /jobs/bulk', body: { ids: [], action: 'explode' }, status: 400, calls: [], fields: ['ids', 'action'] },
  { call: 'POST /schedule/preview', body: { expression: '@every 1d' }, status: 200, calls: ['schedule.preview({"expression":"@every 1d","timezone":"","dst":"once","count":10})'] },
  { call: 'POST /schedule/preview', body: { expression: '* * * * *', timezone: 'Asia/Shanghai', dst: 'skip', count: 3, from: '2026-03-01T00:00:00Z', anchor: '2026-03-01T00:00:00Z' }, status: 200, calls: ['schedule.preview({"expression":"* * * * *","timezone":"Asia/Shanghai","dst":"skip","count":3,"from":1772323200000,"anchor":1772323200000})'] },
  { call: 'POST /schedule/preview', body: { expression: 5, count: 0, from: 'today', dst: 'never' }, status: 400, calls: [], fields: ['expression', 'count', 'from', 'dst'] },
  { call: 'GET /runs', status: 200, calls: ['runs.list({}, {"limit":50})'] },
  {
    call: 'GET /runs?namespace=app&app=orders&job=nightly&state=failed,expired&state=failed&trigger=manual&worker=w%201&from=2026-03-01T08:00:00+08:00&to=2026-03-01T01:00:00Z&reason=%E5%A4%B1&monitorStatus=red', status: 200,
    calls: ['runs.list({"namespace":"app","app":"orders","from":1772323200000,"to":1772326800000,"reason":"失","monitorStatus":"red","states":["failed","expired"],"triggers":["manual"],"workerId":"w 1","job":"nightly"}, {"limit":50})'],
  },
  { call: 'GET /runs?job=app.orders.nightly', status: 200, calls: ['runs.list({"namespace":"app","app":"orders","job":"nightly"}, {"limit":50})'] },
  { call: 'GET /runs?job=app.orders.nightly&namespace=other', status: 400, calls: [], fields: ['job'] },
  { call: 'GET /runs?namespace=*&app=%3E&job=a.b&state=done&trigger=cron&from=yesterday&to=1&limit=0&cursor=x', status: 400, calls: [], fields: ['cursor'] },
  { call: 'GET /runs?namespace=*&app=%3E&job=a.b&state=done&trigger=cron&from=yesterday&to=1&limit=0', status: 400, calls: [], fields: ['namespace', 'app', 'job', 'state', 'trigger', 'from', 'to', 'limit'] },
  { call: 'GET /runs/437500000000000001', status: 200, calls: ['runs.get("437500000000000001")'], has: { taskId: '437500000000000001', jobId: '7', latenessMs: 4, durationMs: null, endedAt: null, args: '{"a":1}', own: { timeoutMs: 500, retry: { attempts: 3, backoff: 'exponential', delayMs: 10 } } } },
  { call: 'GET /runs/9223372036854775808', status: 400, calls: [], fields: ['taskId'] },
  { call: 'GET /runs/1e3', status: 400, calls: [], fields: ['taskId'] },
  { call: 'GET /runs/12/sub-runs', status: 200, calls: ['runs.subRuns("12", {}, {"limit":50})'] },
  { call: 'GET /runs/12/sub-runs?status=fail&reason=r&monitorStatus=red&monitorPayload=p&limit=3', status: 200, calls: ['runs.subRuns("12", {"status":"fail","reason":"r","monitorStatus":"red","monitorPayload":"p"}, {"limit":3})'] },
  { call: `GET /runs/12/sub-runs?reason=${'x'.repeat(201)}&state=fail`, status: 400, calls: [], fields: ['reason', 'state'] },
  { call: 'GET /runs?minDurationMs=5000&monitorPayload=a%25&args=order.id%3A17', status: 200, calls: ['runs.list({"minDurationMs":5000,"monitorPayload":"a%","args":"order.id:17"}, {"limit":50})'] },
  { call: `GET /runs?minDurationMs=-1&monitorPayload=${'x'.repeat(201)}&args=${'x'.repeat(201)}`, status: 400, calls: [], fields: ['minDurationMs', 'monitorPayload', 'args'] },
  { call: 'GET /runs?minDurationMs=5s', status: 400, calls: [], fields: ['minDurationMs'] },
  { call: 'GET /runs/12/events', status: 200, calls: ['runs.events("12")'] },
  { call: 'GET /runs/12/attempts', status: 200, calls: ['runs.attempts("12")'], has: { items: [{ attempt: 1, retryCount: 0, status: 'failed', state: 'expired', error: 'no answer', result: null, durationMs: 96 }, { attempt: 2, retryCount: 1, status: 'paused', state: 'waiting', error: '' }], nextCursor: null } },
  { call: 'GET /runs/12/reports', status: 200, calls: ['runs.reports("12", {"limit":200,"after":0})'], has: { items: [{ seq: 3, kind: 'log', level: 'info', text: 'hello' }, { seq: 5, kind: 'progress', progress: 40 }, { seq: 6, kind: 'result', value: [1] }] } },
  { call: 'GET /runs/12/reports?after=5&limit=1000', status: 200, calls: ['runs.reports("12", {"limit":1000,"after":5})'] },
  { call: 'GET /runs/12/reports?after=-1&limit=1001&from=1', status: 400, calls: [], fields: ['from', 'after', 'limit'] },
  { call: 'GET /jobs/7/queue', status: 200, calls: ['jobs.queue("7")'], has: { waiting: 3, delayed: 1, active: 2, completed: 5, state: 'enabled', workers: 1 } },
  { call: 'POST /jobs/7/queue/clean', body: { state: 'failed' }, status: 200, calls: ['jobs.clean("7", {"state":"failed","olderThanMs":0,"limit":1000})'], has: { removed: 17 } },
  { call: 'POST /jobs/7/queue/clean', body: { state: 'active', limit: 0, olderThanMs: -1, all: true }, status: 400, calls: [], fields: ['state', 'limit', 'olderThanMs', 'all'] },
  { call: 'GET /jobs/7/queue/metrics', status: 200, calls: ['jobs.queueMetrics("7")'], has: { total: 6, failed: 1, averageMs: null } },
  { call: 'POST /runs/12/cancel', status: 200, calls: ['runs.cancel("12")'], has: { state: 'cancelled' } },
  { call: 'POST /runs/12/cancel', body: {}, status: 200, calls: ['runs.cancel("12")'] },
  { call: 'POST /runs/12/cancel', body: { force: true }, status: 400, calls: [], fields: ['force'] },
  { call: 'POST /runs/12/cancel', body: { reason: 'not needed' }, status: 200, calls: ['runs.cancel("12", "not needed")'] },
  { call: 'POST /runs/12/cancel', body: { reason: '' }, status: 400, calls: [], fields: ['reason'] },
  { call: 'POST /runs/12/rerun', status: 202, calls: ['runs.rerun("12", {})'], has: { taskId: '437500000000000002' } },
  { call: 'POST /runs/12/rerun', body: { args: 'other' }, status: 202, calls: ['runs.rerun("12", {"args":"other"})'] },
  { call: 'POST /runs/12/rerun', body: { arg: 'other' }, status: 400, calls: [], fields: ['arg'] },
  { call: 'GET /workers?namespace=app&app=orders', status: 200, calls: ['workers({"namespace":"app","app":"orders"})'], has: { items: [expect.objectContaining({ id: 'w1', capacity: 8 })] } },
  { call: 'PATCH /workers/app/orders/w1', body: { drained: true }, status: 200, calls: ['drainWorker({"namespace":"app","app":"orders","id":"w1"}, true)'], has: { id: 'w1', drained: true, running: 1, ended24h: 10, failed24h: 2 } },
  { call: 'PATCH /workers/app/orders/host=10-0-0-5=8080', body: { drained: false }, status: 200, calls: ['drainWorker({"namespace":"app","app":"orders","id":"host=10-0-0-5=8080"}, false)'] },
  { call: 'PATCH /workers/app/orders/w1', body: { drained: 'yes', weight: 1 }, status: 400, calls: [], fields: ['drained', 'weight'] },
  { call: 'PATCH /workers/app/orders/w1', body: {}, status: 400, calls: [], fields: ['drained'] },
  { call: 'PATCH /workers/a.b/*/w.1', body: { drained: true }, status: 400, calls: [], fields: ['namespace', 'app', 'id'] },
  { call: 'GET /servers', status: 200, calls: ['servers()'] },
  { call: 'POST /servers/n1/step-down', status: 204, calls: ['stepDown("n1")'] },
  { call: 'GET /overview', status: 200, calls: ['overview({})'] },
  { call: 'GET /overview?namespace=app', status: 200, calls: ['overview({"namespace":"app"})'], has: { jobs: 1, skipped: 2 } },
  { call: 'POST /runs/bulk', body: { ids: ['12', 'x'], action: 'rerun' }, status: 200, calls: ['runs.bulk({"ids":["12","x"],"action":"rerun","dryRun":false})'], has: { matched: 2, done: 1, started: ['437500000000000002'] } },
  {
    call: 'POST /runs/bulk', body: { filter: { job: 'app.orders.nightly', state: ['failed'], trigger: ['manual'], worker: 'w', from: '2026-03-01T00:00:00Z', to: '2026-03-01T01:00:00Z', reason: 'r', args: 'a', minDurationMs: 5 }, action: 'cancel', dryRun: true }, status: 200,
    calls: ['runs.bulk({"filter":{"reason":"r","args":"a","minDurationMs":5,"from":1772323200000,"to":1772326800000,"states":["failed"],"triggers":["manual"],"workerId":"w","namespace":"app","app":"orders","job":"nightly"},"action":"cancel","dryRun":true})'],
  },
  { call: 'POST /runs/bulk', body: { filter: {}, action: 'cancel' }, status: 200, calls: ['runs.bulk({"filter":{},"action":"cancel","dryRun":false})'] },
  { call: 'POST /runs/bulk', body: { action: 'cancel' }, status: 400, calls: [], fields: ['ids'] },
  { call: 'POST /runs/bulk', body: { ids: ['1'], filter: {}, action: 'cancel' }, status: 400, calls: [], fields: ['ids'] },
  { call: 'POST /runs/bulk', body: { ids: [], action: 'delete', dryRun: 1 }, status: 400, calls: [], fields: ['ids', 'action', 'dryRun'] },
  { call: 'POST /runs/bulk', body: { ids: Array.from({ length: 1_001 }, (_, index) => `${index}`), action: 'cancel' }, status: 400, calls: [], fields: ['ids'] },
  { call: 'POST /runs/bulk', body: { filter: { state: ['done'], from: 'now', job: 5, other: 1 }, action: 'cancel' }, status: 400, calls: [], fields: ['filter.state[0]', 'filter.from', 'filter.job', 'filter.other'] },
  { call: 'POST /runs/bulk', body: { filter: { job: 'a.b' }, action: 'cancel' }, status: 400, calls: [], fields: ['filter.job'] },
  { call: 'POST /runs/bulk', body: { filter: { job: 'app.orders.nightly', app: 'other' }, action: 'cancel' }, status: 400, calls: [], fields: ['filter.job'] },
  { call: 'POST /runs/bulk', body: { filter: { from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' }, action: 'cancel' }, status: 400, calls: [], fields: ['filter.to'] },
  // What is looked at beside the lists.
  { call: 'GET /jobs/app.orders.nightly/versions', status: 200, calls: ['jobs.versions("app.orders.nightly")'], has: { items: [{ version: 13, deleted: true, definition: null }, { version: 12, deleted: false, definition: { name: 'nightly', args: { a: 1 } } }], nextCursor: null } },
  { call: 'GET /jobs/7/versions?limit=3', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /jobs/a.b/versions', status: 400, calls: [], fields: ['id'] },
  { call: 'GET /runs/12/messages', status: 200, calls: ['runs.messages("12")'], has: { items: [{ sequence: 5, headers: { 'Nats-Msg-Id': '12' } }] } },
  { call: 'GET /runs/x/messages', status: 400, calls: [], fields: ['taskId'] },
  { call: 'GET /jobs/recent-runs?ids=7,app.orders.nightly&ids=7&limit=5', status: 200, calls: ['looking.recentRuns(["7","app.orders.nightly"], 5)'], has: { items: [{ jobId: '7', ended: 1, durationMsP95: 96, runs: [{ durationMs: 96 }, { durationMs: null }] }] } },
  { call: 'GET /jobs/recent-runs', status: 200, calls: ['looking.recentRuns([], 20)'] },
  { call: 'GET /jobs/recent-runs?ids=7,x&limit=101', status: 400, calls: [], fields: ['ids', 'limit'] },
  { call: `GET /jobs/recent-runs?ids=${Array.from({ length: 101 }, (_, index) => index).join(',')}`, status: 400, calls: [], fields: ['ids'] },
  { call: 'GET /fires?namespace=app&app=orders&limit=100', status: 200, calls: ['looking.fires({"namespace":"app","app":"orders","limit":100})'], has: { items: [{ jobId: '7', job: 'nightly' }] } },
  { call: 'GET /fires?limit=101&namespace=*&app=', status: 400, calls: [], fields: ['limit', 'namespace', 'app'] },
  { call: 'GET /stats?namespace=app&app=orders&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucketMs=60000', status: 200, calls: ['looking.stats({"namespace":"app","app":"orders"}, {"from":1772323200000,"to":1772409600000,"bucketMs":60000})'], has: { bucketMs: 60000 } },
  { call: 'GET /stats?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /stats?bucketMs=90000', status: 400, calls: [], fields: ['bucketMs'] },
  { call: 'GET /calendar?namespace=app&app=orders&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&bucketMs=86400000', status: 200, calls: ['looking.calendar({"namespace":"app","app":"orders","from":1772323200000,"to":1772409600000,"bucketMs":86400000})'], has: { bucketMs: 86_400_000, truncated: true, jobs: [{ count: 1 }, { count: 61, fires: null }] } },
  { call: 'GET /calendar?from=2026-03-01T00:00:00Z', status: 200, calls: ['looking.calendar({"from":1772323200000,"to":1772409600000,"bucketMs":3600000})'] },
  { call: 'GET /calendar?from=2026-03-01T00:00:00Z&to=2026-05-03T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /calendar?from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z&bucketMs=60000', status: 400, calls: [], fields: ['bucketMs'] },
  { call: 'GET /calendar?from=2026-03-01T00:00:00Z&to=2026-02-03T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /calendar?from=now&bucketMs=1&app=*', status: 400, calls: [], fields: ['from', 'bucketMs', 'app'] },
  { call: 'GET /attention?namespace=app', status: 200, calls: ['looking.attention({"namespace":"app"})'], has: { items: [{ kind: 'failing', count: 3 }] } },
  { call: 'GET /attention?namespace=*&app=x', status: 400, calls: [], fields: ['namespace', 'app'] },
  { call: 'GET /jobs/count?namespace=app&q=x&state=enabled', status: 200, calls: ['jobs.count({"namespace":"app","q":"x","state":"enabled"})'], has: { count: 3, more: false } },
  { call: 'GET /jobs/count?limit=3', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /runs/count?job=app.orders.nightly&state=failed,expired&trigger=manual,api', status: 200, calls: ['runs.count({"states":["failed","expired"],"triggers":["manual","api"],"namespace":"app","app":"orders","job":"nightly"})'], has: { count: 10_000, more: true } },
  { call: 'GET /runs/count?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', status: 400, calls: [], fields: ['to'] },
  { call: 'GET /runs/count?cursor=x&state=done', status: 400, calls: [], fields: ['cursor', 'state'] },
  { call: 'GET /settings', status: 200, has: { items: [{ name: 'NATSJOB_LOGIN_PWD', value: '******', secret: true }] } },
  { call: 'GET /database', status: 200, has: { kind: 'sqlite', oldestRunAt: null, backups: [{ bytes: 9 }] } },
  { call: 'POST /database/backup', status: 201, has: { name: 'natsjob-20260301T000000.000Z.sqlite', bytes: 9 } },
  { call: 'POST /database/backup', body: { name: '../x' }, status: 400, fields: [''] },
  { call: 'GET /diagnostics', status: 200, has: { node: '22.0.0', checks: [{ name: 'disk', state: 'ok', detail: 'much' }] } },
  { call: 'GET /settings?secret=1', status: 400, fields: ['secret'] },
  { call: 'GET /nats/buckets', status: 200, has: { items: [{ name: 'natsjob-definitions', entries: 3, bytes: 4 }, { name: 'natsjob-job-results' }, { name: 'natsjob-control' }] } },
  { call: 'GET /nats/buckets/natsjob-definitions/entries?prefix=job.app&limit=1', status: 200, has: { items: [{ key: 'job.app.orders.nightly', text: '{}', revision: 12 }], nextCursor: encodeCursor('bucket-entries', '12') } },
  { call: 'GET /nats/buckets/natsjob-secrets/entries', status: 400, fields: ['bucket'] },
  { call: `GET /nats/buckets/natsjob-control/entries?prefix=a.*&limit=201`, status: 400, fields: ['prefix', 'limit'] },
  { call: `GET /nats/buckets/natsjob-control/entries?cursor=${encodeCursor('runs', '17')}`, status: 400, fields: ['cursor'] },
  { call: 'POST /nats/publish', body: { subject: 'natsjob.job.start.app.orders.nightly', text: '{}', headers: { 'X-A': 'b' } }, status: 202 },
  { call: 'POST /nats/publish', body: { subject: 'natsjob-void.job.start.app.orders.nightly', text: '' }, status: 202 },
  ...['natsjob.run.accepted.a.b.c', 'natsjob.job', 'natsjob.job.', 'natsjob.job.*', 'natsjob.job.>', 'natsjob.job.a b', 'natsjob.job..x', '$JS.API.STREAM.DELETE.natsjob', '$KV.natsjob-control.lease', `natsjob.job.${'x.'.repeat(20)}y`, 'natsjob.job.a\r\nPUB x'].map((subject) => ({ call: 'POST /nats/publish', body: { subject, text: '' }, status: 400, fields: ['subject'] })),
  { call: 'POST /nats/publish', body: { subject: 'natsjob.job.x', text: 'ä'.repeat(40_000) }, status: 400, fields: ['text'] },
  { call: 'POST /nats/publish', body: { subject: 'natsjob.job.x', text: '', headers: { 'Nats-Msg-Id': 'a', 'natsjob-run': 'b', 'a b': 'c', d: 'e\r\nf', g: 1 } }, status: 400, fields: ['headers.Nats-Msg-Id', 'headers.natsjob-run', 'headers.a b', 'headers.d', 'headers.g'] },
  { call: 'POST /nats/publish', body: { subject: 'natsjob.job.x', text: '', headers: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`h${index}`, ''])) }, status: 400, fields: ['headers'] },
  { call: 'POST /nats/publish', body: { subject: 5 }, status: 400, fields: ['subject', 'text'] },
  { call: 'POST /nats/ping', status: 200, has: { roundTripMs: 1.5 } },
  { call: 'GET /openapi.json', status: 200, has: { openapi: '3.1.0' } },
  { call: 'GET /live', status: 426, calls: [] },
  { call: 'GET //healthz', status: 200 },
  { call: 'GET //readyz', status: 200, has: { status: 'ready', role: 'leader', problems: [] } },
  { call: 'GET //metrics', status: 200 },
  // Parameters of every kind.
  { call: 'GET /jobs?limit=201', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /jobs?limit=ten', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /jobs?limit=', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /jobs?limit=1&limit=2', status: 400, calls: [], fields: ['limit'] },
  { call: 'GET /jobs?limits=1', status: 400, calls: [], fields: ['limits'] },
  { call: 'GET /jobs?q=%ff', status: 400, calls: [], fields: ['q'] },
  { call: 'GET /me?verbose', status: 400, calls: [], fields: ['verbose'] },
  // Versions.
  { call: 'PATCH /jobs/7', body: {}, status: 428, calls: [], fields: ['If-Match'] },
  { call: 'DELETE /jobs/7', status: 428, calls: [], fields: ['If-Match'] },
  ...['*', 'W/"12"', '12', '"a"', '"1", "2"', '""', '"-1"'].map((tag) => ({ call: 'PATCH /jobs/7', body: {}, headers: { 'if-match': tag }, status: 400, calls: [], fields: ['If-Match'] })),
  // Bodies.
  { call: 'POST /jobs', body: '{"a":}', status: 400, calls: [], fields: [''] },
  { call: 'POST /jobs', body: new Uint8Array([0x22, 0xff, 0x22]), status: 400, calls: [], fields: [''] },
  { call: 'POST /jobs', body: '{"args":{"order":12345678901234567890}}', status: 400, calls: [], fields: [''] },
  { call: 'POST /jobs', body: '{"args":["12345678901234567890",9007199254740991,0.12345678901234567]}', status: 201 },
  { call: 'GET /runs?reason=&worker=&monitorStatus=', status: 200, calls: ['runs.list({}, {"limit":50})'] },
  { call: 'GET /runs?state=&from=', status: 400, calls: [], fields: ['state', 'from'] },
  { call: 'POST /servers//step-down', status: 400, calls: [], fields: ['id'] },
  { call: 'POST /jobs', body: '{"args":{"__proto__":{"x":1}}}', status: 400, calls: [], fields: ['__proto__'] },
  { call: 'POST /jobs', body: '['.repeat(100) + ']'.repeat(100), status: 400, calls: [], fields: [''] },
  { call: 'POST /jobs', body: '['.repeat(400_000) + ']'.repeat(400_000), status: 400, calls: [], fields: [''] },
  { call: 'POST /jobs', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' }, status: 415, calls: [], fields: ['Content-Type'] },
  { call: 'POST /jobs', body: '{}', headers: { 'content-type': 'text/plain' }, status: 415, calls: [], fields: ['Content-Type'] },
  { call: 'POST /jobs', body: '{}', headers: { 'content-type': 'application/json; charset=gbk' }, status: 415, calls: [], fields: ['Content-Type'] },
  { call: 'POST /jobs', body: '{}', headers: { 'content-type': 'application/json; charset=UTF-8' }, status: 201 },
  { call: 'POST /jobs', body: `"${'x'.repeat(1_048_576)}"`, status: 413, calls: [] },
  { call: 'POST /jobs', body: `"${'x'.repeat(10_485_760)}"`, status: 413, calls: [] },
  // Nothing there.
  { call: 'GET /nothing', status: 404, calls: [] },
  { call: 'GET ', status: 404, calls: [] },
  { call: 'GET /jobs/', status: 400, calls: [], fields: ['id'] },
  { call: 'POST /jobs/7', body: {}, status: 405, calls: [] },
  { call: 'DELETE /jobs', status: 405, calls: [] },
  { call: 'PUT //healthz', status: 405 },
];

test.each(ROWS)('$call answers $status', async (row) => {
  const space = row.call.indexOf(' ');
  const answer = await http.send(row.call.slice(0, space), row.call.slice(space + 1), row.body, row.headers);
  expect(answer.status, answer.text).toBe(row.status);
  if (row.calls) expect(http.calls).toEqual(row.calls);
  if (row.has) expect(answer.body).toMatchObject(row.has);
  if (row.status >= 400) {
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ type: expect.stringMatching(/^urn:natsjob:problem:[a-z-]+$/), title: expect.any(String), status: row.status, detail: expect.any(String) });
  }
  if (row.fields) expect(answer.body.errors.map((error: { field: string }) => error.field).sort()).toEqual([...row.fields].sort());
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});
