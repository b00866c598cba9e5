import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of its own, which can be filled without harm. */
export interface SmallDisk {
  readonly dir: string;
  /** Leaves no byte of room. */
  fill(): void;
  /** Gives back what fill() took. */
  free(): void;
  readOnly(): void;
  [Symbol.dispose](): void;
}

/** Undefined, and a loud word about it, where this process may not mount. */
export function mountSmallDisk(megabytes: number): SmallDisk | undefined {
  const dir = mkdtempSync(path.join(tmpdir(), 'natsjob-test-disk-'));
  const mounted = process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]).status === 0;
  if (!mounted) {
    rmSync(dir, { recursive: true });
    process.stderr.write('\n*** SKIPPED *** Not allowed to mount a small disk: tests of full and read-only disks cannot run.\n');
    return undefined;
  }
  const filler = path.join(dir, 'filler');
  return {
    dir,
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (const size of [1_048_576, 65_536, 4_096]) {
          try {
            for (;;) writeSync(file, Buffer.alloc(size));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    readOnly: () => void spawnSync('mount', ['-o', 'remount,ro', dir]),
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
