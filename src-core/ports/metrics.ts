import type { SkipReason } from '../domain/run.ts';

/** Counted in passing by the engine; the metrics page and the tests read it. Each call must cost next to nothing. */
export interface Metrics {
  fired(count: number): void;
  /** lateness: fire to hand-over, ms. */
  dispatched(model: string, latenessMs: number): void;
  skipped(reason: SkipReason, count: number): void;
  /** durationMs: dispatch to end; 0 when it was never dispatched. */
  ended(status: 'completed' | 'failed' | 'expired' | 'cancelled', durationMs: number): void;
  tick(latenessMs: number): void;
  /** Messages from outside that could not be used: kind is a short fixed word. */
  oddity(kind: string): void;
}
