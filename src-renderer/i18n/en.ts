import { calendar } from './en/calendar.ts';
import { common } from './en/common.ts';
import { editor } from './en/editor.ts';
import { job } from './en/job.ts';
import { jobs } from './en/jobs.ts';
import { login } from './en/login.ts';
import { overview } from './en/overview.ts';
import { palette } from './en/palette.ts';
import { parts } from './en/parts.ts';
import { places } from './en/places.ts';
import { run } from './en/run.ts';
import { runs } from './en/runs.ts';
import { servers } from './en/servers.ts';
import { settings } from './en/settings.ts';
import { shell } from './en/shell.ts';
import { states } from './en/states.ts';
import { tester } from './en/tester.ts';
import { wizard } from './en/wizard.ts';
import { workers } from './en/workers.ts';

/** English is the measure: every other language must have the same keys. */
export const en = { calendar, common, editor, job, jobs, login, overview, palette, parts, places, run, runs, servers, settings, shell, states, tester, wizard, workers };

export type Messages = typeof en;
