import Activity from '@lucide/svelte/icons/activity';
import Ban from '@lucide/svelte/icons/ban';
import CirclePlay from '@lucide/svelte/icons/circle-play';
import Copy from '@lucide/svelte/icons/copy';
import CopyPlus from '@lucide/svelte/icons/copy-plus';
import FileClock from '@lucide/svelte/icons/file-clock';
import Pause from '@lucide/svelte/icons/pause';
import Pencil from '@lucide/svelte/icons/pencil';
import Play from '@lucide/svelte/icons/play';
import SquareTerminal from '@lucide/svelte/icons/square-terminal';
import Trash from '@lucide/svelte/icons/trash';
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import type { JobResource } from '../../../src-core/http/contract.ts';
import type { Messages } from '../../i18n/index.svelte.ts';
import { curlRunOf, natsSubOf } from '../../parts/copy-as.ts';
import { definitionOf } from '../../parts/definition.ts';
import { link } from '../../state/route.svelte.ts';
import type { MenuItem } from '../../ui/menu.ts';

export interface JobDeeds {
  run(job: JobResource): void;
  runWith(job: JobResource): void;
  explain(job: JobResource): void;
  state(job: JobResource, state: JobResource['state']): void;
  copy(text: string): void;
  remove(job: JobResource): void;
}

/** What can be done with one job. */
export function jobMenu(job: JobResource, deeds: JobDeeds, { jobs: t, common }: Messages): readonly MenuItem[] {
  const path = `/jobs/${job.id}`;
  return [
    { label: t.runNow, icon: Play, run: () => deeds.run(job) },
    { label: t.runWith, icon: CirclePlay, run: () => deeds.runWith(job) },
    { label: t.explain, icon: CircleQuestionMark, run: () => deeds.explain(job) },
    ...(job.state === 'enabled' ? [] : [{ label: t.enable, icon: Activity, separator: true, run: () => deeds.state(job, 'enabled') }]),
    ...(job.state === 'paused' ? [] : [{ label: t.pause, icon: Pause, separator: job.state === 'enabled', run: () => deeds.state(job, 'paused') }]),
    ...(job.state === 'disabled' ? [] : [{ label: t.disable, icon: Ban, run: () => deeds.state(job, 'disabled') }]),
    { label: common.edit, icon: Pencil, separator: true, href: link(`${path}/edit`) },
    { label: t.clone, icon: CopyPlus, href: link('/jobs/new', { clone: job.id }) },
    { label: t.history, icon: FileClock, href: link(path, { tab: 'changes' }) },
    { label: t.copyCurl, icon: SquareTerminal, separator: true, run: () => deeds.copy(curlRunOf(job)) },
    { label: t.copyNats, icon: SquareTerminal, run: () => deeds.copy(natsSubOf(job)) },
    { label: t.copyJson, icon: Copy, run: () => deeds.copy(JSON.stringify(definitionOf(job), undefined, 2)) },
    { label: common.remove, icon: Trash, danger: true, separator: true, run: () => deeds.remove(job) },
  ];
}
