import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMetrics } from '../../../src-core/http/index.ts';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

const { metrics, registry } = createMetrics();
let http: HttpFixture;
beforeAll(async () => {
  http = await startFixture({ registry });
});
afterAll(() => http.server.stop());

function valueOf(text: string, series: string): string | undefined {
  return text.split('\n').find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
}

test('what the engine counts is on the page', async () => {
  metrics.fired(3);
  metrics.dispatched('max', 4);
  metrics.dispatched('max', 20);
  metrics.skipped('overlap', 7);
  metrics.ended('completed', 1_500);
  metrics.ended('cancelled', 0);
  metrics.tick(0.4);
  metrics.oddity('bad-answer');
  const { text } = await http.send('GET', '//metrics');
  const expected: Record<string, string> = {
    'natsjob_fires_total': '3',
    'natsjob_dispatches_total{model="max"}': '2',
    'natsjob_dispatches_total{model="lite"}': '0',
    'natsjob_skips_total{reason="overlap"}': '7',
    'natsjob_runs_ended_total{status="completed"}': '1',
    'natsjob_runs_ended_total{status="cancelled"}': '1',
    'natsjob_dispatch_lateness_seconds_bucket{le="0.005"}': '1',
    'natsjob_dispatch_lateness_seconds_bucket{le="+Inf"}': '2',
    'natsjob_dispatch_lateness_seconds_sum': '0.024',
    'natsjob_dispatch_to_end_seconds_count': '1',
    'natsjob_tick_lateness_seconds_bucket{le="0.001"}': '1',
    'natsjob_oddities_total{kind="bad-answer"}': '1',
    'natsjob_projection_lag': '1',
    'natsjob_unacked_publishes': '2',
    'natsjob_active_runs': '3',
    'natsjob_workers': '5',
    'natsjob_nats_connected': '1',
    'natsjob_nats_round_trip_seconds': '0.0015',
    'natsjob_database_bytes': '7',
    'natsjob_wal_bytes': '8',
    'natsjob_leader': '1',
    'natsjob_view_up': '1',
    'natsjob_live_connections': '0',
    'natsjob_http_requests_total{status="200"}': '1',
  };
  for (const [series, value] of Object.entries(expected)) expect(valueOf(text, series), series).toBe(value);
  expect(text).toMatch(/natsjob_build_info\{version="1\.2\.3",node="v[\d.]+"\} 1/);
  expect(text).toMatch(/process_cpu_seconds_total \d/);
  expect(text).toMatch(/process_resident_memory_bytes \d/);
});

test('every line is one Prometheus can read, and every name is described once', async () => {
  const { text, headers } = await http.send('GET', '//metrics');
  expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
  for (const line of text.split('\n')) expect(line).toMatch(/^(|# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)*\})? [-+.\deNaInf]+)$/);
  const types = [...text.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]);
  expect(new Set(types).size).toBe(types.length);
});

test('a scheduler that cannot answer leaves the rest of the page', async () => {
  http.answer('gauges', () => {
    throw new Error('away');
  });
  const answer = await http.send('GET', '//metrics');
  expect(answer.status).toBe(200);
  expect(valueOf(answer.text, 'natsjob_view_up')).toBe('0');
  expect(valueOf(answer.text, 'natsjob_fires_total')).toBe('3');
});

test('unheard-of kinds of oddities cannot grow the page without bound', async () => {
  for (let index = 0; index < 1_000; index += 1) metrics.oddity(`kind-${index}`);
  const { text } = await http.send('GET', '//metrics');
  expect(text.match(/^natsjob_oddities_total\{/gm)!.length).toBeLessThanOrEqual(65);
});
