import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress, gzip } from 'node:zlib';
import { PAGE_POLICY } from '../server/security-headers.ts';
import { chooseEncoding } from './choose-encoding.ts';
import type { Encoding } from './choose-encoding.ts';
import { plainPage } from './plain-page.ts';

export interface PageRequest {
  /** As it came: percent-encoded, without the query. */
  readonly path: string;
  readonly accept: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string | undefined;
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface Pages {
  /** Undefined when there is nothing at that path. */
  answer(request: PageRequest): Promise<PageAnswer | undefined>;
}

/**
 * The panel's files, or one plain page. What can be served is listed once at the start: no path of a request ever reaches the disk.
 * `x.br` and `x.gz` beside `x` are what is sent for it to those who take them; without them texts are zipped when first asked for.
 * `x.br` alone is enough to have `x`: a packed program saves the room.
 * Behind a proxy that strips its prefix, and behind one that leaves /natsjob in place, all works alike because links are relative.
 */
export async function createPages(options: { panelDir: string | undefined; version: string }): Promise<Pages> {
  const files = options.panelDir === undefined ? new Map<string, string>() : withUnpacked(await listFiles(options.panelDir));
  const loaded = new Map<string, Promise<LoadedFile>>();
  const hasPanel = files.has('index.html');
  const load = (path: string): Promise<LoadedFile> => {
    let file = loaded.get(path);
    if (!file) {
      file = path === 'index.html' && !hasPanel ? prepare(path, Buffer.from(plainPage(options.version)), NO_SIBLINGS) : loadFile(path, files);
      loaded.set(path, file);
      file.catch(() => loaded.delete(path));
    }
    return file;
  };
  return {
    async answer(request) {
      if (request.path === PREFIX) return redirect(`${PREFIX.slice(1)}/`);
      const path = pathOf(request.path);
      if (path === undefined) return undefined;
      const name = path === '' ? 'index.html' : path;
      if (name === 'index.html' || (files.has(name) && !isSibling(name, files))) return answerFile(await load(name), request);
      // The panel's places are behind "#"; somebody who typed one without it is sent there.
      if (hasPanel && request.accept.includes('text/html') && extname(name) === '') {
        return redirect(`${'../'.repeat(name.split('/').length - 1) || './'}#/${request.path.replace(/^\/(natsjob\/)?/, '')}`);
      }
      return undefined;
    },
  };
}

interface LoadedFile {
  readonly type: string;
  readonly tag: string;
  readonly immutable: boolean;
  readonly bytes: Buffer;
  readonly packed: Readonly<Partial<Record<Encoding, Buffer>>>;
}

const NO_SIBLINGS: LoadedFile['packed'] = {};

const PREFIX = '/natsjob';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** Path below the folder, with "/", → where it lies. One by one: listings inside a packed program tell names only. Links are not followed. */
async function listFiles(folder: string, below = '', files = new Map<string, string>()): Promise<ReadonlyMap<string, string>> {
  for (const name of await readdir(folder)) {
    const full = join(folder, name);
    const kind = await lstat(full);
    if (kind.isDirectory()) await listFiles(full, `${below}${name}/`, files);
    else if (kind.isFile()) files.set(`${below}${name}`, full);
  }
  return files;
}

/** Adds what is there as Brotli only, under its own name: it lies where the packed form does. */
function withUnpacked(files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const packedOnly = [...files].filter(([name]) => name.endsWith('.br') && !files.has(name.slice(0, -3)));
  return new Map([...files, ...packedOnly.map(([name, full]) => [name.slice(0, -3), full] as const)]);
}

function pathOf(path: string): string | undefined {
  const stripped = path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length + 1) : path.slice(1);
  try {
    return decodeURIComponent(stripped);
  } catch {
    return undefined;
  }
}

/** Only a packed form of another file. */
function isSibling(name: string, files: ReadonlyMap<string, string>): boolean {
  return /\.(br|gz)$/.test(name) && files.has(name.slice(0, -3));
}

async function loadFile(path: string, files: ReadonlyMap<string, string>): Promise<LoadedFile> {
  const packed: Partial<Record<Encoding, Buffer>> = {};
  const [brotli, gzipped] = [files.get(`${path}.br`), files.get(`${path}.gz`)];
  if (brotli !== undefined) packed.br = await readFile(brotli);
  if (gzipped !== undefined) packed.gzip = await readFile(gzipped);
  const full = files.get(path)!;
  return prepare(path, full === brotli ? await promisify(brotliDecompress)(packed.br!) : await readFile(full), packed);
}

async function prepare(path: string, bytes: Buffer, siblings: LoadedFile['packed']): Promise<LoadedFile> {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const zips = siblings.gzip === undefined && bytes.length > 1_024 && /^text|json|svg/.test(type);
  return {
    type,
    tag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
    // The bundler puts a hash of the content into these names.
    immutable: /^assets\/.*[.-][A-Za-z0-9_-]{8,}\.\w+$/.test(path),
    bytes,
    packed: zips ? { ...siblings, gzip: await promisify(gzip)(bytes) } : siblings,
  };
}

function answerFile(file: LoadedFile, request: PageRequest): PageAnswer {
  const encoding = chooseEncoding(request.acceptEncoding, Object.keys(file.packed) as Encoding[]);
  // The packed form is another sequence of bytes, so it has another tag.
  const tag = `"${file.tag}${encoding === undefined ? '' : `-${encoding}`}"`;
  const headers: Record<string, string> = {
    'content-type': file.type,
    'content-security-policy': PAGE_POLICY,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: tag,
    vary: 'Accept-Encoding',
  };
  if (request.ifNoneMatch?.split(',').some((known) => known.trim().replace(/^W\//, '') === tag)) return { status: 304, headers, body: undefined };
  if (encoding === undefined) return { status: 200, headers, body: file.bytes };
  return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body: file.packed[encoding] };
}

function redirect(location: string): PageAnswer {
  return { status: 302, headers: { location, 'cache-control': 'no-store', 'content-security-policy': PAGE_POLICY }, body: undefined };
}
