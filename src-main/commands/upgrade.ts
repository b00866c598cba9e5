import { isSea } from 'node:sea';
import { isFeedUrl } from '../../src-core/system/index.ts';
import { CommandError, UsageError, type CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { printable } from '../cli/table.ts';
import { advise, targetOf, type Advice } from '../upgrade/advise.ts';
import { isVersion } from '../upgrade/compare-versions.ts';
import { FeedUnreachableError, fetchFeed } from '../upgrade/fetch-feed.ts';
import { FeedUnreadableError, readFeed, type Feed } from '../upgrade/read-feed.ts';
import { VERSION } from '../version.ts';

/** Never downloads a program and never replaces one. Exit code 0 up to date, 10 there is a newer version, 69 no usable answer, 78 no feed is set. */
export async function upgrade(context: CommandContext): Promise<number> {
  if (!context.options.has('check')) throw new UsageError('natsjob does not replace itself; natsjob upgrade --check says whether there is a newer version, and how to get it.', 'upgrade');
  const url = feedUrlOf(context);
  if (!isVersion(VERSION)) throw new CommandError('This natsjob runs from its sources and has no version to compare.');
  const feed = await newest(url);
  const target = targetOf(process.platform, process.arch);
  const advice = advise(feed, { version: VERSION, target, program: isSea() ? process.execPath : undefined, feedUrl: url });
  if (context.options.has('json')) {
    context.print(JSON.stringify({ version: VERSION, latest: feed.version, releasedAt: feed.releasedAt, isNewer: advice.isNewer, target: target ?? null, file: advice.file ?? null, commands: advice.commands, notes: feed.notes }, null, 2));
  } else {
    for (const line of lines(feed, advice, target)) context.print(line);
  }
  return advice.isNewer ? EXIT.newerVersion : EXIT.ok;
}

function feedUrlOf({ options, load }: CommandContext): string {
  const given = options.get('url');
  if (given !== undefined && !isFeedUrl(given)) throw new UsageError(`--url must be like https://host/path/latest.json, without user and password; http only for this machine, not "${given}".`, 'upgrade');
  const url = given ?? load().config.updateUrl;
  if (url === '') throw new CommandError('No feed is set: say where latest.json of the releases is with --url, --update-url or NATSJOB_UPDATE_URL.', EXIT.config);
  return url;
}

async function newest(url: string): Promise<Feed> {
  try {
    return readFeed(await fetchFeed(url));
  } catch (error) {
    if (error instanceof FeedUnreachableError) throw new CommandError(`The feed at ${url} ${error.message}.`, EXIT.dependencyMissing);
    if (error instanceof FeedUnreadableError) throw new CommandError(`What is at ${url} is no feed of natsjob: ${error.message}.`, EXIT.dependencyMissing);
    throw error;
  }
}

function lines(feed: Feed, { isNewer, file, commands }: Advice, target: string | undefined): string[] {
  const released = `${feed.version} of ${feed.releasedAt.slice(0, 10)}`;
  if (!isNewer) return [`natsjob ${VERSION} is up to date (newest release: ${released}).`];
  return [
    `natsjob ${VERSION} is running; ${released} is newer.`,
    ...(feed.notes === '' ? [] : ['', ...feed.notes.trim().split('\n').map(printable)]),
    '',
    ...(file === undefined ? [] : [`file    ${file.name} (${(file.bytes / 1e6).toFixed(1)} MB)`, `sha256  ${file.sha256}`, '']),
    ...(commands.length === 0 ? [`It has no download for this platform (${target ?? `${process.platform}-${process.arch}`}).`] : ['To upgrade:', ...commands.map((command) => `  ${command}`)]),
  ];
}
