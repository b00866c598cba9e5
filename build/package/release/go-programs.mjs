// The programs written in Go that lie inside the binaries.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PrepareError } from '../../prepare.mjs';
import { PINNED_VERSION, cacheFolder } from '../../nats-server/pin.mjs';

/** @returns {{ file: string, use: string }[]} throws PrepareError when one was not made yet */
export function goPrograms({ targets }) {
  const packaged = path.join(cacheFolder(), 'packaged');
  const folder = readdirSync(packaged).find((name) => name.startsWith(`nats-server-v${PINNED_VERSION}-`));
  return targets.map(({ goos, goarch, suffix, name }) => {
    const file = path.join(packaged, folder ?? '', `${goos}-${goarch}`, `nats-server${suffix}`);
    if (!existsSync(file)) throw new PrepareError(`there is no nats-server for ${name}: run npm run package -- headless`);
    return { file, use: 'nats-server' };
  });
}
