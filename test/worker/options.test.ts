import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { BadHandlerFileError, BadOptionError, createWorker, HandlerExistsError, loadHandlers, NonRetryableError } from '../../src-core/worker/index.ts';
import type { Handler, HandlerOptions, Run, RunContext, WorkerOptions } from '../../src-core/worker/index.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';

describe('options of a worker', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['app', {}, 'app must be a name of [A-Za-z0-9_-]{1,64}.'],
    ['app', { app: 'a b' }, 'app must be a name of [A-Za-z0-9_-]{1,64}, not "a b".'],
    ['namespace', { app: 'a', namespace: '' }, 'namespace must be'],
    ['id', { app: 'a', id: 'a.b' }, 'id must be 1 to 128 characters without blanks, dots, * and >, not "a.b".'],
    ['concurrency', { app: 'a', concurrency: 0 }, 'concurrency must be a whole number from 1 to 10000, not 0.'],
    ['concurrency', { app: 'a', concurrency: '3' }, 'not "3"'],
    ['group', { app: 'a', group: 'x'.repeat(65) }, 'group must be at most 64 characters'],
    ['weight', { app: 'a', weight: -1 }, 'weight must be a whole number from 0 to 1000000, not -1.'],
    ['comment', { app: 'a', comment: 7 }, 'comment must be text, not 7.'],
    ['ip', { app: 'a', ip: null }, 'ip must be text, not null.'],
    ['handlers', { app: 'a', handlers: '' }, 'handlers must be the path of a folder'],
    ['watch', { app: 'a', watch: 'yes' }, 'watch must be true or false'],
  ])('names %s and what is allowed there', (option, options, message) => {
    const make = (): unknown => createWorker(options as unknown as WorkerOptions);
    expect(make).toThrow(BadOptionError);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ option }) as Error);
  });

  it.each<[string, Record<string, unknown>]>([
    ['delivery', { delivery: 'push' }], ['delivery', { broadcast: true, delivery: 'jetstream' }], ['broadcast', { broadcast: 1 }],
    ['concurrency', { concurrency: 1.5 }], ['ackWaitMs', { ackWaitMs: 10 }], ['maxDeliveries', { maxDeliveries: 0 }],
  ])('names %s of a handler', (option, options) => {
    expect(() => createWorker({ app: 'a' }).handle('b', () => {}, options as HandlerOptions)).toThrow(expect.objectContaining({ name: 'BadOptionError', option }) as Error);
  });

  it('refuses a second handler of a job, a handler that is none, and a worker without any', async () => {
    const worker = createWorker({ app: 'a' }).handle('b', () => {});
    expect(() => worker.handle('b', () => {})).toThrow(HandlerExistsError);
    expect(() => worker.handle('c', 'no' as unknown as Handler)).toThrow('the handler of c must be a function');
    await expect(createWorker({ app: 'a' }).start()).rejects.toThrow(BadOptionError);
    await expect(createWorker({ app: 'a', url: 'http://127.0.0.1' }).handle('b', () => {}).start()).rejects.toThrow('url must be of the form nats://');
    expect(() => worker.stop({ graceMs: -1 })).toThrow('graceMs must be a whole number from 0');
  });
});

describe('a folder of handlers', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a file without a function', { 'a.mjs': 'export const x = 1;' }, 'it exports no function'],
    ['a file named after no job', { 'a b.mjs': 'export default () => {};' }, '"a b" is no name of a job'],
    ['two handlers of a job', { 'a.mjs': 'export const same = () => {};', 'b.mjs': 'export const same = () => {};' }, 'job same has a handler in a.mjs already'],
    ['options that are none', { 'a.mjs': 'export default () => {}; export const options = 7;' }, 'its export "options" is no object'],
    ['a file that cannot be read', { 'a.mjs': 'throw new Error("broken")' }, 'it cannot be read: broken'],
  ])('refuses %s by its name', async (_what, files, message) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-handlers-'));
    mkdirSync(path.join(folder, 'sub'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    await expect(loadHandlers(folder)).rejects.toThrow(BadHandlerFileError);
    await expect(loadHandlers(folder)).rejects.toThrow(message);
    rmSync(folder, { recursive: true });
    await expect(loadHandlers(folder)).rejects.toThrow('the folder of handlers cannot be read');
  });

  it('is watched from when it was first read on, however long the worker takes to start', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-handlers-'));
    // Written when the folder has been listed.
    writeFileSync(path.join(folder, 'first.mjs'), `import { writeFileSync } from 'node:fs';
      writeFileSync(new URL('second.mjs', import.meta.url), 'export default () => {};');
      export default () => {};`);
    await using worker = await createWorker({ url: `nats://127.0.0.1:${await sparePort()}`, app: 'a', handlers: folder, watch: true }).start();
    await until(() => worker.state().jobs.toSorted().join() === 'first,second', { what: () => `both jobs; there are ${worker.state().jobs.join()}` });
    rmSync(folder, { recursive: true });
  });
});

describe('types of a worker', () => {
  it('let a handler say what it is given and what it gives', () => {
    expectTypeOf<Handler<{ n: number }, string>>().parameters.toEqualTypeOf<[Run<{ n: number }>, RunContext]>();
    expectTypeOf<Handler<{ n: number }, string>>().returns.toEqualTypeOf<string | Promise<string>>();
    const worker = createWorker({ app: 'a' });
    worker.handle<{ n: number }>('b', (run, context) => {
      expectTypeOf(run.payload).toEqualTypeOf<{ n: number }>();
      expectTypeOf(run.expiresAt).toEqualTypeOf<number | undefined>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(context.log.warn).parameters.toEqualTypeOf<[string]>();
      return context.next(run.payload.n);
    });
    worker.handle('c', async (run) => expectTypeOf(run.payload).toBeUnknown());
    expectTypeOf(worker.start).returns.toEqualTypeOf<Promise<typeof worker>>();
    expectTypeOf(NonRetryableError).instance.toExtend<Error>();
    expectTypeOf<HandlerOptions['delivery']>().toEqualTypeOf<'core' | 'jetstream' | undefined>();
    // @ts-expect-error: an app is required
    expect(() => createWorker({})).toThrow(BadOptionError);
    // @ts-expect-error: no such delivery
    expect(() => worker.handle('d', () => {}, { delivery: 'push' })).toThrow(BadOptionError);
    expect(worker.state().jobs).toEqual(['b', 'c']);
  });
});
