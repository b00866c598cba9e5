import type { Page, RunReportResource, RunResource } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { padEnd, printable } from '../cli/table.ts';
import { connect } from '../client/connect.ts';

const LOOK_AGAIN_MS = 1_000;
const PAGE = '1000';

/** Prints what was reported of a run; with --follow until it has ended. */
export async function runsLog(context: CommandContext): Promise<number> {
  const { options, print } = context;
  const client = connect(context);
  const path = `/runs/${encodeURIComponent(context.words[0] ?? '')}`;
  let after = 0;
  for (;;) {
    // Asked before the reports: what came until the end is shown.
    const isOver = !options.has('follow') || (await client.call<RunResource>('GET', path)).endedAt !== null;
    for (let isMore = true; isMore;) {
      const page = await client.call<Page<RunReportResource>>('GET', `${path}/reports`, { query: { after: String(after), limit: PAGE } });
      for (const report of page.items) print(options.has('json') ? JSON.stringify(report) : reportLine(report));
      after = page.items.at(-1)?.seq ?? after;
      isMore = page.nextCursor !== null;
    }
    if (isOver) return 0;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

function reportLine({ at, kind, level, text, progress, value }: RunReportResource): string {
  if (kind === 'log') return `${at} ${padEnd(level ?? '', 5)} ${printable(text ?? '')}`;
  if (kind === 'progress') return `${at} progress ${typeof progress === 'number' ? `${progress} %` : JSON.stringify(progress)}`;
  return `${at} result ${JSON.stringify(value)}`;
}
