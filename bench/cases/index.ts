import type { Case } from '../support/types.ts';
import { actors } from './actors.ts';
import { asked } from './asked.ts';
import { dispatches } from './dispatches.ts';
import { idle } from './idle.ts';
import { lateness } from './lateness.ts';
import { list, listOn } from './list.ts';
import { loadRss } from './load-rss.ts';
import { MARIADB, POSTGRES } from '../support/server.ts';
import { max, maxOn } from './max.ts';
import { start100k } from './start-100k.ts';
import { panel } from './panel.ts';
import { queue } from './queue.ts';
import { panelLoad } from './panel-load.ts';
import { startEmpty } from './start-empty.ts';

/** By the name that `--case` takes, in the order they run. */
export const CASES: Readonly<Record<string, Case>> = {
  max,
  'max-postgres': maxOn(POSTGRES),
  'max-mariadb': maxOn(MARIADB),
  lite: dispatches('lite'),
  plus: dispatches('plus'),
  'lateness-1000': lateness({ name: 'lateness-1000', jobs: 1_000, expression: '@every 1s', jitterMs: 1_000, warmUpMs: 5_000, measureMs: 20_000 }),
  // Bursts five seconds apart, in one moment and spread over one second; the first ones, before the code is warm, are not counted.
  'lateness-burst': lateness(
    { name: 'lateness-burst', jobs: 10_000, expression: '*/5 * * * * *', jitterMs: 0, warmUpMs: 7_000, measureMs: 20_000 },
    { name: 'lateness-burst/spread', jobs: 10_000, expression: '*/5 * * * * *', jitterMs: 999, warmUpMs: 7_000, measureMs: 20_000 },
  ),
  'start-100k': start100k,
  'start-empty': startEmpty,
  idle,
  'load-rss': loadRss,
  list,
  'list-postgres': listOn(POSTGRES),
  'list-mariadb': listOn(MARIADB),
  actors,
  asked,
  panel,
  queue,
  'panel-load': panelLoad,
};
