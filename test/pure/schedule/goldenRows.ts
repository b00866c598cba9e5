import { readFileSync } from 'node:fs';

/** One question to robfig/cron and its answer; times are ISO, UTC. */
export interface RobfigRow {
  expression: string;
  zone: string;
  from: string;
  /** How many fires were asked for; 5 when absent. */
  count?: number;
  robfig?: string[];
  error?: string;
  /** Why ours is meant to differ. */
  differs?: string;
  ours?: string[];
  oursError?: string;
}

/** The fires of a fixed local time within `days` after `from`, under each policy. */
export interface DstRow {
  time: string;
  zone: string;
  from: string;
  days: number;
  once: string[];
  skip: string[];
  compat: string[];
}

export function readRows<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`../../golden/${name}`, import.meta.url), 'utf8')) as T[];
}
