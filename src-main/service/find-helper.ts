import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { isPacked, openProgramFiles } from '../program-files.ts';
import type { ServiceHost } from './service-host.ts';

/**
 * natsjob-helper.exe of this program; undefined where there is none. A packed program unpacks it into the person's own folder:
 * that of the service is closed to everybody but administrators and the service.
 */
export async function findHelper({ platform, home, environment }: Pick<ServiceHost, 'platform' | 'home' | 'environment'>, programDir: string): Promise<string | undefined> {
  if (platform !== 'win32') return undefined;
  const own = path.join(environment['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'natsjob');
  if (isPacked(programDir)) mkdirSync(own, { recursive: true });
  return (await openProgramFiles(programDir, own)).helper;
}
