import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const OS = { linux: 'linux', darwin: 'macos', win32: 'win' }[process.platform as string];

/** Path of Electron's binary; undefined when it is not installed. Never downloads it, as `require('electron')` would. */
export function electronBinary(): string | undefined {
  const home = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const pathFile = path.join(home, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const binary = path.join(home, 'dist', readFileSync(pathFile, 'utf8'));
  return existsSync(binary) ? binary : undefined;
}

/** The packed console for this machine, as `npm run package -- desktop` leaves it where Electron is to be had; undefined without. */
export function packedProgram(): string | undefined {
  const made = path.join(ROOT, '.cache', 'package', 'desktop', 'made', OS ?? '');
  if (!existsSync(made)) return undefined;
  const suffix = process.arch === 'arm64' ? '-arm64' : '';
  const name = OS === 'macos' ? `mac${suffix}` : `${OS}${suffix}-unpacked`;
  const folder = readdirSync(made).find((one) => one === name);
  if (folder === undefined) return undefined;
  return path.join(made, folder, { linux: 'natsjob-desktop', macos: 'natsjob.app', win: 'natsjob.exe' }[OS ?? 'linux'] ?? '');
}

/** What is started of a packed program. */
export function executableOf(program: string): string {
  return program.endsWith('.app') ? path.join(program, 'Contents', 'MacOS', 'natsjob') : program;
}
