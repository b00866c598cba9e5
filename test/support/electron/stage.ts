import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { DesktopWorldOptions } from './desktop-world.ts';
import { startFakeWorld, type FakeWorld } from './fake-world.ts';

/** Starts desktop programs for the tests of a file, and ends them after each. */
export interface Stage {
  start(options?: DesktopWorldOptions): Promise<FakeWorld>;
  /** With a scheduler that is ready. */
  started(options?: DesktopWorldOptions): Promise<FakeWorld>;
}

export function setStage(): Stage {
  const worlds: FakeWorld[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
  });
  const start = async (options: DesktopWorldOptions = {}): Promise<FakeWorld> => {
    const world = await startFakeWorld(options);
    worlds.push(world);
    return world;
  };
  return {
    start,
    async started(options = {}) {
      const world = await start(options);
      await world.ready();
      return world;
    },
  };
}

export function settingsOf(world: FakeWorld): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(world.folder, 'profile', 'desktop.json'), 'utf8')) as Record<string, unknown>;
}

export function trayMenu(world: FakeWorld) {
  return world.trays[0]?.menu ?? [];
}
