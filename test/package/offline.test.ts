import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { packedFile } from '../support/packed-program.ts';

const SMOKE = path.join(import.meta.dirname, '..', '..', 'build', 'package', 'smoke.mjs');
/** A network of its own, in which only loopback is there. */
const ALONE = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

const packed = process.platform === 'linux' ? packedFile(`linux-${process.arch}`) : undefined;

/** Namespaces need rights; elsewhere false, loudly, and an error in CI. */
function canBeAlone(): boolean {
  if (spawnSync('unshare', [...ALONE, 'true']).status === 0) return true;
  if (process.env['CI']) throw new Error('unshare --net does not work here, and CI may not skip what needs it');
  process.stderr.write('SKIPPED test/package/offline.test.ts: unshare --net and ip are needed, as root\n');
  return false;
}

describe.skipIf(packed === undefined || !canBeAlone())('the packed program on a machine without a network', () => {
  test('there is none', () => {
    expect(execFileSync('unshare', [...ALONE, 'cat', '/proc/net/dev'], { encoding: 'utf8' }).match(/^ *\w+:/gm)).toEqual([expect.stringContaining('lo:')]);
  });

  test('passes the smoke test', () => {
    const { status, stdout, stderr } = spawnSync('unshare', [...ALONE, process.execPath, SMOKE, packed!.file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('The program works.');
  });
});
