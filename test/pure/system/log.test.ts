import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../../../src-core/system/index.ts';
import { until } from '../../support/until.ts';

describe('the log', () => {
  let dir: string;
  let logger: Logger | undefined;
  let terminal: string[];

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'natsjob-log-'));
    terminal = [];
  });
  afterEach(async () => {
    await logger?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function open(more: Partial<Parameters<typeof createLogger>[0]> = {}): Promise<Logger> {
    logger = await createLogger({ format: 'json', level: 'info', dir, terminal: { write: (text) => terminal.push(text) }, ...more });
    return logger;
  }

  it('writes one JSON object a line to the file and to the terminal', async () => {
    const { log, close } = await open();
    log.child({ component: 'nats' }).info({ port: 4222 }, 'Connected');
    log.debug({}, 'not wanted');
    await close();
    const lines = readFileSync(path.join(dir, 'natsjob.log'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ level: 'info', time: expect.any(String), component: 'nats', port: 4222, msg: 'Connected' }]);
    expect(terminal.join('')).toBe(`${lines[0]}\n`);
  });

  it('is readable on a console, and the file stays JSON', async () => {
    const { log, close } = await open({ format: 'console' });
    log.warn({ a: 1 }, 'Slow');
    await close();
    expect(terminal.join('')).toMatch(/^\[\d{4}-.*\] WARN: Slow \{"a":1\}\n$/);
    expect(JSON.parse(readFileSync(path.join(dir, 'natsjob.log'), 'utf8'))).toMatchObject({ level: 'warn', a: 1 });
  });

  it('holds no password, in whatever field', async () => {
    const { log, close } = await open();
    log.error({ url: 'nats://u:hush@h', err: new Error('cannot reach nats://u:hush@h'), password: 'hush', deep: { token: 'hush' } }, 'nats://u:hush@h');
    await close();
    expect(terminal.join('') + readFileSync(path.join(dir, 'natsjob.log'), 'utf8')).not.toContain('hush');
  });

  it('puts full files aside, compressed, and keeps only the newest', async () => {
    const { log, close } = await open({ rotation: { size: '4K', maxFiles: 3, maxAgeDays: 7 } });
    for (let number = 0; number < 400; number++) {
      log.info({ number }, 'x'.repeat(200));
      if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await close();
    const rotated = readdirSync(dir).filter((name) => /^natsjob\.log\.\d.*\.gz$/.test(name)).sort();
    expect(rotated.length).toBeGreaterThan(0);
    expect(rotated.length).toBeLessThanOrEqual(3);
    const numbers = [...rotated.map((name) => gunzipSync(readFileSync(path.join(dir, name))).toString()), readFileSync(path.join(dir, 'natsjob.log'), 'utf8')]
      .join('').trim().split('\n').map((line) => (JSON.parse(line) as { number: number }).number);
    expect(numbers.at(-1)).toBe(399);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('removes files of more than seven days, and nothing that is not its own', async () => {
    const old = new Date(Date.now() - 8 * 86_400_000);
    for (const name of ['natsjob.log.2026-01-01T000000000.01.gz', 'other.txt']) {
      writeFileSync(path.join(dir, name), '');
      utimesSync(path.join(dir, name), old, old);
    }
    await open();
    expect(readdirSync(dir)).not.toContain('natsjob.log.2026-01-01T000000000.01.gz');
    expect(readdirSync(dir)).toContain('other.txt');
  });

  it('goes on without a file that cannot be written, and says so once', async () => {
    writeFileSync(path.join(dir, 'in-the-way'), '');
    const { log, close } = await open({ dir: path.join(dir, 'in-the-way', 'logs') });
    log.info({}, 'one');
    log.info({}, 'two');
    await close();
    expect(terminal.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
    expect(terminal.join('')).toContain('"two"');
  });

  it('survives a full disk', async () => {
    // Every write to this device fails as on a full disk.
    if (process.platform !== 'linux') return;
    symlinkSync('/dev/full', path.join(dir, 'natsjob.log'));
    const { log, close } = await open();
    log.info({}, 'one');
    await until(() => terminal.join('').includes('cannot be written'), { what: 'the disk to be found full' });
    log.info({}, 'two');
    await close();
    expect(terminal.join('')).toContain('"two"');
  });

  it('says so too when only closing it shows that the disk is full', async () => {
    if (process.platform !== 'linux') return;
    symlinkSync('/dev/full', path.join(dir, 'natsjob.log'));
    const { log, close } = await open();
    log.info({}, 'one');
    await close();
    expect(terminal.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
  });
});
