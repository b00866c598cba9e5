import Ban from '@lucide/svelte/icons/ban';
import Braces from '@lucide/svelte/icons/braces';
import ExternalLink from '@lucide/svelte/icons/external-link';
import Link from '@lucide/svelte/icons/link';
import Pencil from '@lucide/svelte/icons/pencil';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import Terminal from '@lucide/svelte/icons/terminal';
import type { RunResource } from '../../../src-core/http/contract.ts';
import { i18n } from '../../i18n/index.svelte.ts';
import { link } from '../../state/route.svelte.ts';
import { toasts } from '../../state/toasts.svelte.ts';
import type { MenuItem } from '../../ui/menu.ts';
import { curlOf, pageUrlOf } from '../copy-as.ts';
import { copyOrTell, isOpen, natsCommand, orTell, rerun } from './run-actions.ts';

export interface RunMenuWishes {
  /** Asked for: cancelling has to be confirmed, other args have to be typed. */
  cancel(run: RunResource): void;
  rerunWith(run: RunResource): void;
}

export function runMenu(run: RunResource, wishes: RunMenuWishes): readonly MenuItem[] {
  const t = i18n.t.runs;
  return [
    { label: i18n.t.common.open, icon: ExternalLink, href: link(`/runs/${run.taskId}`) },
    { label: t.cancel, icon: Ban, danger: true, disabled: !isOpen(run), run: () => wishes.cancel(run) },
    { label: t.rerun, icon: RotateCw, run: () => orTell(() => rerun(run.taskId)) },
    { label: t.rerunWith, icon: Pencil, run: () => wishes.rerunWith(run) },
    ...copyMenu(run),
  ];
}

export function copyMenu(run: RunResource): readonly MenuItem[] {
  const t = i18n.t.runs;
  return [
    { label: t.copyLink, icon: Link, separator: true, run: () => copyOrTell(pageUrlOf(link(`/runs/${run.taskId}`))) },
    { label: t.copyJson, icon: Braces, run: () => copyOrTell(JSON.stringify(run, null, 2)) },
    { label: t.copyCurl, icon: Terminal, run: () => copyOrTell(curlOf('GET', `runs/${run.taskId}`)) },
    { label: t.copyNats, icon: Terminal, run: () => orTell(() => copyNats(run.taskId)) },
  ];
}

async function copyNats(taskId: string): Promise<void> {
  const command = await natsCommand(taskId);
  if (command === undefined) toasts.bad(i18n.t.runs.messagesGone);
  else await copyOrTell(command);
}
