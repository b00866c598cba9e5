import { Counter, Registry } from 'prom-client';
import { MODELS } from '../../domain/job.ts';
import { SKIP_REASONS } from '../../domain/run.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { BucketHistogram } from './bucket-histogram.ts';
import { Tally } from './tally.ts';

/** What the engine counts in passing, and the registry the metrics page reads it from. */
export function createMetrics(): { metrics: Metrics; registry: Registry } {
  const registry = new Registry();
  let fires = 0;
  new Counter({
    name: 'natsjob_fires_total',
    help: 'Fires that came due',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(fires);
    },
  });
  const dispatches = new Tally(registry, 'natsjob_dispatches_total', 'Runs handed over, by model', 'model', MODELS);
  const skips = new Tally(registry, 'natsjob_skips_total', 'Fires not dispatched, by reason', 'reason', SKIP_REASONS);
  const ends = new Tally(registry, 'natsjob_runs_ended_total', 'Runs ended, by status', 'status', ['completed', 'failed', 'expired', 'cancelled']);
  const oddities = new Tally(registry, 'natsjob_oddities_total', 'Messages from outside that could not be used, by kind', 'kind', []);
  const tickLateness = new BucketHistogram(registry, 'natsjob_tick_lateness_seconds', 'How late the ticker woke', LATENESS_BOUNDS);
  const dispatchLateness = new BucketHistogram(registry, 'natsjob_dispatch_lateness_seconds', 'From fire to hand-over', LATENESS_BOUNDS);
  const duration = new BucketHistogram(registry, 'natsjob_dispatch_to_end_seconds', 'From hand-over to end', DURATION_BOUNDS);
  const metrics: Metrics = {
    fired(count) {
      fires += count;
    },
    dispatched(model, latenessMs) {
      dispatches.add(model, 1);
      dispatchLateness.observe(latenessMs);
    },
    skipped(reason, count) {
      skips.add(reason, count);
    },
    ended(status, durationMs) {
      ends.add(status, 1);
      if (durationMs > 0) duration.observe(durationMs);
    },
    tick(latenessMs) {
      tickLateness.observe(latenessMs);
    },
    oddity(kind) {
      oddities.add(kind, 1);
    },
  };
  return { metrics, registry };
}

const LATENESS_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
