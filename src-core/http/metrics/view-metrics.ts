import { Counter, Gauge, Registry } from 'prom-client';
import type { Gauges, SchedulerApi } from '../../ports/api.ts';
import type { Log } from '../../ports/log.ts';
import { Tally } from './tally.ts';


export interface ViewMetrics {
  readonly requests: Tally;
  /** The whole page: what the engine counted, what the scheduler says now, and the process. */
  scrape(): Promise<string>;
}

/**
 * Values asked for when the page is: none of the library's default metrics, because their event-loop monitor wakes an idle
 * process a hundred times a second.
 */
export function createViewMetrics(options: { api: SchedulerApi; engine: Registry; version: string; log: Log; liveConnections: () => number }): ViewMetrics {
  const registry = new Registry();
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `natsjob_${name}`, help, registers: [registry] });
  const gauges = Object.entries(VIEW_GAUGES).map(([name, [help, read]]) => ({ gauge: gauge(name, help), read }));
  const up = gauge('view_up', '1 when the scheduler could be asked for the values below');
  const live = gauge('live_connections', 'Open WebSockets of the live feed');
  new Gauge({ name: 'natsjob_build_info', help: 'Always 1', labelNames: ['version', 'node'], registers: [registry] }).set({ version: options.version, node: process.version }, 1);
  addProcess(registry);
  const requests = new Tally(registry, 'natsjob_http_requests_total', 'HTTP requests answered, by status', 'status', []);
  return {
    requests,
    async scrape() {
      live.set(options.liveConnections());
      try {
        const values = await options.api.gauges();
        for (const entry of gauges) entry.gauge.set(entry.read(values));
        up.set(1);
      } catch (error) {
        // The rest of the page matters most when this fails.
        options.log.debug({ err: error }, 'The scheduler had no values for the metrics page.');
        up.set(0);
      }
      return (await options.engine.metrics()) + '\n' + (await registry.metrics());
    },
  };
}

const VIEW_GAUGES: Readonly<Record<string, readonly [string, (values: Gauges) => number]>> = {
  projection_lag: ['Messages of the streams not yet in the view', (values) => values.projectionLag],
  unacked_publishes: ['Messages handed to NATS and not acknowledged', (values) => values.unackedPublishes],
  active_runs: ['Runs dispatched and not ended', (values) => values.activeRuns],
  queued_runs: ['Runs waiting or delayed', (values) => values.queuedRuns],
  workers: ['Live workers', (values) => values.workersLive],
  jobs: ['Jobs defined', (values) => values.jobs],
  nats_connected: ['1 while connected to NATS', (values) => (values.natsConnected ? 1 : 0)],
  nats_round_trip_seconds: ['Round trip to NATS; NaN while unknown', (values) => (values.natsRoundTripMs === undefined ? Number.NaN : values.natsRoundTripMs / 1000)],
  database_bytes: ['Size of the database', (values) => values.databaseBytes],
  wal_bytes: ['Size of its write-ahead log', (values) => values.walBytes],
  leader: ['1 while this server leads', (values) => (values.leader ? 1 : 0)],
  term: ['Term of the lease', (values) => values.term],
};

function addProcess(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  gauge('process_heap_bytes', 'Heap in use', () => process.memoryUsage().heapUsed);
  gauge('process_start_time_seconds', 'When the process started, seconds since 1970', () => Date.now() / 1000 - process.uptime());
}
