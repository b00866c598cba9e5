import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ResolvedUpdateFileInfo, UpdateInfo } from 'electron-updater';
import { packagingModule } from './packed-desktop.ts';

const load = createRequire(import.meta.url);

/** electron-updater's provider of a generic feed. */
interface Provider {
  getLatestVersion(): Promise<UpdateInfo>;
  resolveFiles(info: UpdateInfo): ResolvedUpdateFileInfo[];
}

/** Serves the files of a folder on loopback. `await using` ends it. */
export async function serveFolder(folder: string) {
  const server = createServer((request, response) => {
    const file = path.join(folder, path.basename(new URL(request.url!, 'http://feed').pathname));
    if (!existsSync(file)) return void response.writeHead(404).end();
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };
}

/**
 * What a program of that system and architecture would load from the feed: electron-updater's own provider reads it, and its
 * `findFile` picks, with the words that the updater of that system uses.
 */
export async function pickUpdate(url: string, platform: 'linux' | 'darwin' | 'win32', arch: 'x64' | 'arm64', extension: string, not?: string[]) {
  const { GenericProvider } = load('electron-updater/out/providers/GenericProvider') as { GenericProvider: new (settings: object, updater: object, options: object) => Provider };
  const { findFile } = load('electron-updater/out/providers/Provider') as { findFile(files: ResolvedUpdateFileInfo[], extension: string, not?: string[]): ResolvedUpdateFileInfo };
  const { NodeHttpExecutor } = packagingModule<{ NodeHttpExecutor: new () => object }>('builder-util/out/nodeHttpExecutor');
  const before = Object.getOwnPropertyDescriptor(process, 'arch')!;
  Object.defineProperty(process, 'arch', { ...before, value: arch });
  try {
    const provider = new GenericProvider({ provider: 'generic', url, channel: 'latest' }, { channel: null, isAddNoCacheQuery: false }, { platform, executor: new NodeHttpExecutor(), isUseMultipleRangeRequest: false });
    const info = await provider.getLatestVersion();
    const files = provider.resolveFiles(info);
    // The updater of macOS leaves out what is not for this processor before it looks.
    const mine = platform === 'darwin' ? files.filter((file) => file.url.pathname.includes('arm64') === (arch === 'arm64')) : files;
    return { version: info.version, file: findFile(mine, extension, not) };
  } finally {
    Object.defineProperty(process, 'arch', before);
  }
}
