import { compareVersions } from './compare-versions.ts';
import type { Feed, FeedFile } from './read-feed.ts';

export interface Here {
  readonly version: string;
  /** As in the names of the downloads: linux-x64. Undefined where there is none for this platform. */
  readonly target: string | undefined;
  /** Absolute path of the packed program; undefined when it runs from a clone. */
  readonly program: string | undefined;
  /** Address latest.json came from; the downloads lie beside it. */
  readonly feedUrl: string;
}

export interface Advice {
  readonly isNewer: boolean;
  /** The download for this platform, and its address; only of a newer version that has one. */
  readonly file: (FeedFile & { readonly url: string }) | undefined;
  /** To be typed in a shell of the platform, in this order; empty when there is nothing to do. */
  readonly commands: readonly string[];
}

/** What somebody with this program should do about this release. */
export function advise(feed: Feed, here: Here): Advice {
  if (compareVersions(feed.version, here.version) <= 0) return { isNewer: false, file: undefined, commands: [] };
  if (here.program === undefined) return { isNewer: true, file: undefined, commands: ['git pull', 'npm start'] };
  const file = feed.files.find(({ target }) => target === here.target);
  if (file === undefined) return { isNewer: true, file, commands: [] };
  const url = new URL(file.name, here.feedUrl).href;
  return { isNewer: true, file: { ...file, url }, commands: here.target?.startsWith('win-') ? windowsCommands(file, url, here.program) : posixCommands(file, url, here.program) };
}

/** The download's platform in the words of a release; undefined when nothing is built for it. */
export function targetOf(platform: string, arch: string): string | undefined {
  const os = { linux: 'linux', darwin: 'macos', win32: 'win' }[platform];
  return os !== undefined && ['x64', 'arm64'].includes(arch) ? `${os}-${arch}` : undefined;
}

/** `install` puts a new file in place of the old one, so that a process that still runs does not notice, and whoever runs it owns it. */
function posixCommands({ name, sha256, target }: FeedFile, url: string, program: string): string[] {
  const sum = target.startsWith('macos-') ? 'shasum -a 256' : 'sha256sum';
  return [
    `curl -fLO ${quoted(url)}`,
    `echo '${sha256}  ${name}' | ${sum} -c -`,
    `tar -xzf ${name}`,
    'natsjob service stop   # or end it the way it was started',
    `install -m 0755 ${folderIn(name)}/natsjob ${quoted(program)}   # with sudo where the folder asks for it`,
    'natsjob service start',
  ];
}

function windowsCommands({ name, sha256 }: FeedFile, url: string, program: string): string[] {
  return [
    `curl.exe -fLO "${url}"`,
    `if ((Get-FileHash ${name}).Hash -ne '${sha256}') { throw 'the file is damaged' }`,
    `Expand-Archive ${name} -DestinationPath .`,
    'natsjob service stop   # or end it the way it was started',
    `Move-Item -Force ${folderIn(name)}\\natsjob.exe '${program.replaceAll("'", "''")}'`,
    'natsjob service start',
  ];
}

/** An archive holds one folder of its own name. */
function folderIn(name: string): string {
  return name.replace(/\.(tar\.gz|zip)$/, '');
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
