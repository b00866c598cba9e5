import { untrack } from 'svelte';
import type { CalendarResource, Page, RunSummary, StatsBucket, StatsResource } from '../../../src-core/http/contract.ts';
import { api } from '../../api/client.ts';
import { addDays, dayOf, offsetMs, readDay, weekdayOf, type ZonedDay, zonedDays } from '../../lib/days.ts';
import { Loaded } from '../../state/list.svelte.ts';
import { now } from '../../state/now.svelte.ts';
import { Rereads } from '../../state/rereads.svelte.ts';
import { route } from '../../state/route.svelte.ts';
import { scope } from '../../state/scope.svelte.ts';
import { times } from '../../state/times.svelte.ts';
import { mergePlans, type Plan, stretchesOf } from './plan.ts';

export const VIEWS = ['day', 'week', 'month'] as const;
export type View = (typeof VIEWS)[number];

const HOUR_MS = 3_600_000;
const RUN_PAGES = 2;

/** What was and what will be, of the day, week or month that the address names. */
export class CalendarState {
  readonly plan = new Loaded<Plan>((signal) => this.#readPlan(signal));
  readonly stats = new Loaded<readonly StatsBucket[]>((signal) => this.#readStats(signal));
  /** The newest runs of the day: only the view of the day shows single ones. */
  readonly runs = new Loaded<{ readonly items: readonly RunSummary[]; readonly more: boolean }>((signal) => this.#readRuns(signal));

  get view(): View { return VIEWS.find((view) => view === route.query.get('view')) ?? 'day'; }
  set view(view: View) { route.setQuery({ view: view === 'day' ? undefined : view }); }

  readonly zone = $derived(times.zone());
  readonly today = $derived(dayOf(now.ms, this.zone));
  readonly date = $derived(readDay(route.query.get('date')) ?? this.today);
  /** The name of a job must have it. */
  readonly text = $derived(route.query.get('q') ?? '');

  readonly days: readonly ZonedDay[] = $derived.by(() => {
    const { view, date, zone } = this;
    if (view === 'day') return zonedDays(date, 1, zone);
    if (view === 'week') return zonedDays(addDays(date, -weekdayOf(date)), 7, zone);
    const first = `${date.slice(0, 7)}-01`;
    return zonedDays(first, lengthOfMonth(first), zone);
  });

  readonly from = $derived(this.days[0]?.from ?? 0);
  readonly to = $derived(this.days.at(-1)?.to ?? 0);
  /** Over: nothing is planned in it any more. */
  readonly isPast = $derived(this.to <= now.ms);
  readonly isFuture = $derived(this.from > now.ms);

  hrefOf(date: string, view: View = this.view): string {
    const query = new URLSearchParams(route.query);
    query.set('date', date);
    if (view === 'day') query.delete('view');
    else query.set('view', view);
    return `#/calendar?${query.toString()}`;
  }

  /** The day to show `count` days, weeks or months away. */
  away(count: number): string {
    const { view, date } = this;
    if (view !== 'month') return addDays(date, view === 'week' ? 7 * count : count);
    const month = new Date(Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1 + count, 1));
    return month.toISOString().slice(0, 10);
  }

  /** For `$effect`: reads what the address names, and keeps it true. */
  start(): () => void {
    void [this.days, scope.namespace, this.view];
    return untrack(() => {
      for (const part of [this.plan, this.stats, this.runs]) part.clear();
      const rereads = new Rereads();
      rereads.add(60_000, () => this.plan.reload());
      rereads.add(20_000, () => { if (!this.isFuture) void this.stats.reload(); });
      rereads.add(20_000, () => { if (!this.isFuture && this.view === 'day') void this.runs.reload(); });
      const stop = rereads.start();
      return () => {
        stop();
        for (const part of [this.plan, this.stats, this.runs]) part.stop();
      };
    });
  }

  async #readPlan(signal: AbortSignal): Promise<Plan> {
    const stretches = stretchesOf(this.days, this.view === 'month' ? 'day' : 'hour', Date.now());
    const answers = await Promise.all(stretches.map(({ from, to, bucketMs }) => api.get<CalendarResource>('calendar', { from: iso(from), to: iso(to), bucketMs, namespace: scope.filter }, signal)));
    return mergePlans(answers);
  }

  async #readStats(signal: AbortSignal): Promise<readonly StatsBucket[]> {
    // Hours of the server's sums begin at whole hours of UTC.
    const bucketMs = offsetMs(this.from, this.zone) % HOUR_MS === 0 ? HOUR_MS : HOUR_MS / 4;
    return (await api.get<StatsResource>('stats', { from: iso(this.from), to: iso(this.to), bucketMs, namespace: scope.filter }, signal)).items;
  }

  async #readRuns(signal: AbortSignal): Promise<{ items: readonly RunSummary[]; more: boolean }> {
    const runs: RunSummary[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < RUN_PAGES; page++) {
      const { items, nextCursor } = await api.get<Page<RunSummary>>('runs', { from: iso(this.from), to: iso(this.to), namespace: scope.filter, limit: 200, cursor }, signal);
      runs.push(...items);
      if (nextCursor === null) return { items: runs, more: false };
      cursor = nextCursor;
    }
    return { items: runs, more: true };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function lengthOfMonth(first: string): number {
  return new Date(Date.UTC(Number(first.slice(0, 4)), Number(first.slice(5, 7)), 0)).getUTCDate();
}
