import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isLeaderKill } from './faults.ts';
import type { ChaosOptions } from './options.ts';
import type { Outcome } from './play.ts';

const MOST_TOLD = 12;

export function isFine({ accounts, unequal, surprises }: Outcome): boolean {
  return accounts.lost.length + accounts.twice.length + accounts.stuck.length + unequal.length + surprises.length === 0;
}

export function jsonOf({ minutes, seed }: ChaosOptions, outcome: Outcome): string {
  const { accounts, unequal, surprises } = outcome;
  const { kills, p50, p99, mixed } = takeovers(outcome);
  return JSON.stringify({
    minutes, seed, kills, expected: accounts.expected, dispatched: accounts.dispatched, lost: accounts.lost.length, twice: accounts.twice.length, stuck: accounts.stuck.length,
    takeover_p50_ms: p50, takeover_p99_ms: p99, unequal: unequal.length, surprises: surprises.length, shown_again: accounts.shownAgain.length, mixed_kills: mixed.length,
  });
}

/** For people. */
export function tell(outcome: Outcome): string {
  const { accounts, faults, unequal, surprises, handRuns } = outcome;
  const { kills, measured, p50, p99, longest, mixed } = takeovers(outcome);
  const counts = new Map<string, number>();
  for (const { kind } of faults) counts.set(kind.replace(/ \d.*/, ''), (counts.get(kind.replace(/ \d.*/, '')) ?? 0) + 1);
  const lines = [
    `faults       ${[...counts].map(([kind, times]) => `${kind} ${times}`).join(', ')}`,
    `expected     ${accounts.expected} fires and runs by hand (${handRuns.accepted} accepted, ${handRuns.refused} refused, ${handRuns.unanswered} without an answer)`,
    `dispatched   ${accounts.dispatched} runs, retries and jobs that are not counted included`,
    `lost         ${accounts.lost.length}`, `twice        ${accounts.twice.length}`, `stuck        ${accounts.stuck.length}`, `unequal      ${unequal.length}`, `surprises    ${surprises.length}`,
    `lite         ${accounts.lite.seen} of ${accounts.lite.fires} fires seen, at most once each`,
    `shown again  ${accounts.shownAgain.length}: a NATS server that was ended had shown them to subscribers and not stored them`,
    `not watched  ${accounts.missedByWitness}: stored while the counting subscribers were cut off`,
    `take-over    ${measured} of ${kills} kills of the leader: p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms${mixed.length === 0 ? '' : `; with NATS or all nodes ended as well: ${mixed.map((ms) => (ms === undefined ? 'never' : `${ms}`)).join(', ')} ms`}`,
  ];
  for (const [name, list] of Object.entries({ lost: accounts.lost, twice: accounts.twice, stuck: accounts.stuck, unequal, surprises, 'shown again': accounts.shownAgain })) {
    if (list.length === 0) continue;
    lines.push(`${name}:`, ...list.slice(0, MOST_TOLD).map((each) => `  ${each}`), ...(list.length > MOST_TOLD ? [`  … ${list.length - MOST_TOLD} more`] : []));
  }
  return lines.join('\n');
}

/** Beside the processes' logs: what was counted, from what, and what was done to it. */
export function keepEvidence(folder: string, outcome: Outcome): void {
  const { evidence, accounts, unequal, surprises, faults } = outcome;
  const lines = (name: string, items: Iterable<unknown>): void => writeFileSync(path.join(folder, name), [...items].map((item) => `${JSON.stringify(item)}\n`).join(''));
  lines('faults.jsonl', faults);
  lines('stream.jsonl', evidence.log);
  lines('sightings.jsonl', evidence.sightings);
  lines('jobs.jsonl', evidence.jobs);
  lines('blind.jsonl', evidence.blind);
  writeFileSync(path.join(folder, 'wrong.txt'), Object.entries({ ...accounts, unequal, surprises }).filter(([, list]) => Array.isArray(list)).map(([name, list]) => `${name}:\n${(list as string[]).join('\n')}\n`).join('\n'));
}

interface Takeovers {
  readonly kills: number;
  readonly measured: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Of kills with something else broken at the same time. */
  readonly mixed: readonly (number | undefined)[];
}

function takeovers({ faults }: Outcome): Takeovers {
  const all = faults.filter(isLeaderKill);
  const times = all.filter(({ isMixed }) => isMixed !== true).flatMap(({ takeoverMs }) => (takeoverMs === undefined ? [] : [takeoverMs])).sort((one, other) => one - other);
  const at = (part: number): number => times[Math.min(times.length - 1, Math.ceil(part * times.length) - 1)] ?? 0;
  return { kills: all.length, measured: times.length, p50: at(0.5), p99: at(0.99), longest: times.at(-1) ?? 0, mixed: all.filter(({ isMixed }) => isMixed === true).map(({ takeoverMs }) => takeoverMs) };
}
