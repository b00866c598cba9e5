import { isVersion } from './compare-versions.ts';

/** One download of a release. */
export interface FeedFile {
  /** linux-x64, linux-arm64, macos-x64, macos-arm64, win-x64 or win-arm64. */
  readonly target: string;
  /** Beside latest.json; letters, digits, ".", "_", "+" and "-". */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What latest.json says. */
export interface Feed {
  readonly version: string;
  /** ISO 8601. */
  readonly releasedAt: string;
  readonly notes: string;
  readonly files: readonly FeedFile[];
}

/** The answer is not a latest.json; the message says which field breaks which rule. */
export class FeedUnreadableError extends Error {
  override readonly name = 'FeedUnreadableError';
}

const MOST_FILES = 100;
const MOST_NOTES = 20_000;

/** Checks all that is used later: names and sums end up in commands that people paste. Throws FeedUnreadableError. */
export function readFeed(text: string): Feed {
  const feed = objectOf(parse(text), 'latest.json');
  const version = textOf(feed['version'], 'version');
  if (!isVersion(version)) throw new FeedUnreadableError('version must be like 1.2.3 or 1.2.3-rc.1');
  const releasedAt = textOf(feed['releasedAt'], 'releasedAt');
  if (!/^\d{4}-\d\d-\d\dT[\d:.]{5,15}Z$/.test(releasedAt) || Number.isNaN(Date.parse(releasedAt))) throw new FeedUnreadableError('releasedAt must be a time like 2026-01-31T00:00:00Z');
  const notes = textOf(feed['notes'] ?? '', 'notes');
  if (notes.length > MOST_NOTES) throw new FeedUnreadableError(`notes must have at most ${MOST_NOTES} characters`);
  const files: unknown = feed['files'];
  if (!Array.isArray(files) || files.length > MOST_FILES) throw new FeedUnreadableError(`files must be a list of at most ${MOST_FILES}`);
  return { version, releasedAt, notes, files: files.map((file, index) => readFile(file, `files[${index}]`)) };
}

function readFile(value: unknown, at: string): FeedFile {
  const file = objectOf(value, at);
  const [target, name, sha256] = [textOf(file['target'], `${at}.target`), textOf(file['name'], `${at}.name`), textOf(file['sha256'], `${at}.sha256`)];
  const { bytes } = file;
  if (!/^[a-z0-9-]{1,40}$/.test(target)) throw new FeedUnreadableError(`${at}.target must be like linux-x64`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/.test(name)) throw new FeedUnreadableError(`${at}.name must be letters, digits, ".", "_", "+" and "-", at most 200`);
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new FeedUnreadableError(`${at}.sha256 must be 64 lower-case hex digits`);
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 1) throw new FeedUnreadableError(`${at}.bytes must be a whole number above 0`);
  return { target, name, bytes, sha256 };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FeedUnreadableError('latest.json must be JSON', { cause });
  }
}

function objectOf(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FeedUnreadableError(`${at} must be an object`);
  return value as Record<string, unknown>;
}

function textOf(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new FeedUnreadableError(`${at} must be text`);
  return value;
}
