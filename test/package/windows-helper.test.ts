import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCES = fileURLToPath(new URL('../../build/windows-helper', import.meta.url));
const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo && process.env['CI']) throw new Error('Go is missing, and CI may not skip the tests of natsjob-helper.exe');
if (!hasGo) process.stderr.write('SKIPPED: the tests of natsjob-helper.exe need Go\n');

function go(args: readonly string[], env: Readonly<Record<string, string>> = {}): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('go', args, { cwd: SOURCES, env: { ...process.env, CGO_ENABLED: '0', ...env }, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

describe.skipIf(!hasGo)('natsjob-helper.exe', () => {
  it('passes its own tests', () => {
    const { status, output } = go(['test', './internal/...']);
    expect(status, output).toBe(0);
    expect(output).toMatch(/ok\s+natsjob-helper\/internal\/commandline[^]*ok\s+natsjob-helper\/internal\/supervise/);
  });

  it('has nothing that vet objects to', () => {
    const { status, output } = go(['vet', './...'], { GOOS: 'windows', GOARCH: 'amd64' });
    expect(status, output).toBe(0);
  });

  it('is formatted', () => {
    expect(spawnSync('gofmt', ['-l', '.'], { cwd: SOURCES, encoding: 'utf8' }).stdout).toBe('');
  });
});
