import { describe, expect, it } from 'vitest';
import { argsLiteral, decodeAsked, dispatchTemplate, encodeAsked, encodeDispatch } from '../../../src-core/wire/index.ts';
import { BadOptionError } from '../../../src-core/worker/errors.ts';
import { argsOf, askedRunOf, checkedDedupeKey, JobPriority, nameInDispatch, readArgs } from '../../../src-core/worker/queue/options.ts';
import { definitionOf, settingsOf } from '../../../src-core/worker/queue/queue-settings.ts';

describe('a job that is added', () => {
  it('is asked for with its own options, as the scheduler reads them', () => {
    const run = askedRunOf('mail', { to: 'a' }, { priority: JobPriority.CRITICAL, delay: 500, attempts: 3, backoff: { type: 'exponential', delay: 100, maxDelay: 5_000 }, timeout: 10_000, dedupeKey: 'k' });
    const at = Date.UTC(2026, 0, 1);
    expect(decodeAsked(encodeAsked({ at, runs: [run] }))).toEqual({ ok: true, at, runs: [{
      args: '{"name":"mail","data":{"to":"a"}}', priority: 20, delayMs: 500, attempts: 3, timeoutMs: 10_000, backoff: { type: 'exponential', delayMs: 100, maxDelayMs: 5_000 }, key: 'k',
    }] });
  });

  it('without options is asked for with nothing but name and data', () => {
    expect(askedRunOf('mail', 7)).toEqual({ args: '{"name":"mail","data":7}' });
    expect(askedRunOf('mail', undefined, {})).toEqual({ args: '{"name":"mail"}' });
  });

  it('takes a number for a fixed backoff', () => {
    expect(askedRunOf('mail', 1, { backoff: 250 }).backoff).toEqual({ type: 'fixed', delayMs: 250 });
  });

  it.each([
    ['priority', { priority: 0 }], ['priority', { priority: 21 }], ['priority', { priority: 1.5 }], ['delay', { delay: -1 }], ['attempts', { attempts: 101 }], ['timeout', { timeout: 10 }],
    ['backoff.delay', { backoff: -1 }], ['backoff.type', { backoff: { type: 'linear' as 'fixed', delay: 1 } }],
  ])('is refused for a bad %s: %o', (option, options) => {
    expect(() => askedRunOf('mail', 1, options)).toThrow(BadOptionError);
    expect(() => askedRunOf('mail', 1, options)).toThrow(new RegExp(`^${option.replace('.', '\\.')} must be `));
  });

  it('is refused with a name that is none, and with data that is too long', () => {
    expect(() => argsOf('', 1)).toThrow('name must be');
    expect(() => argsOf('mail', 'x'.repeat(70_000))).toThrow('store it elsewhere');
  });

  it('is refused with a key of other characters than the scheduler takes', () => {
    for (const key of ['', 'a b', 'a\r\nNats-Expected-Stream: x', 'ä', 'x'.repeat(129)]) expect(() => checkedDedupeKey(key)).toThrow('dedupeKey must be');
    expect(checkedDedupeKey('order-7/a.b')).toBe('order-7/a.b');
  });
});

describe('the arguments of a job', () => {
  it('come back as they went', () => {
    expect(readArgs(argsOf('mail', { a: [1, null] }))).toEqual({ name: 'mail', data: { a: [1, null] } });
  });

  it.each(['', 'x', '[]', 'null', '{"data":1}', '{"name":1}'])('are none in %j', (text) => {
    expect(readArgs(text)).toBeUndefined();
  });
});

describe("a queue's definition", () => {
  it('has an app of its own, and leaves open what was not given', () => {
    const settings = settingsOf('images', {});
    expect(settings).toMatchObject({ namespace: 'app', app: 'images', job: 'images' });
    expect(definitionOf(settings).given).toEqual({});
    expect(definitionOf(settings).whenNew).toMatchObject({ category: 'standalone', model: 'max', overlap: 'queue', maxRunning: 0 });
  });

  it('turns what was given into fields of the job', () => {
    const { given } = definitionOf(settingsOf('images', { priority: 10, attempts: 3, backoff: { type: 'exponential', delay: 100 }, timeout: 5_000, limiter: { max: 10, duration: 1_000 }, maxWaiting: 500 }));
    expect(given).toEqual({ priority: 10, timeoutMs: 5_000, queueLimit: 500, retry: { attempts: 3, backoff: 'exponential', delayMs: 100 }, rate: { max: 10, perMs: 1_000 } });
  });

  it.each([['name', 'a b', {}], ['app', 'q', { app: 'a.b' }], ['limiter.max', 'q', { limiter: { max: 0, duration: 1_000 } }], ['maxWaiting', 'q', { maxWaiting: 0 }]])('is refused for a bad %s', (option, name, definition) => {
    expect(() => settingsOf(name, definition)).toThrow(`${option} must be`);
  });
});

describe('the name of a job in a dispatched message', () => {
  const template = dispatchTemplate({ namespace: 'n', app: 'a', job: 'j', category: 'standalone', model: 'max', condition: '' });
  const bodyOf = (args: string): string => encodeDispatch(template, { taskId: '1', argsJson: argsLiteral(args), createdAt: '', expiresAt: '', endKey: '', runningCount: 0 });

  it.each(['mail', 'a "quoted" \\ name', '名字', '"jobArgs":"{\\"name\\":\\"x\\"'])('is found: %s', (name) => {
    expect(nameInDispatch(bodyOf(argsOf(name, { name: 'other' })))).toBe(name);
    expect(nameInDispatch(bodyOf(JSON.stringify({ data: { name: 'other' }, name })))).toBe(name);
  });

  it.each(['', '{}', 'plain text', '{"name":5}', '[]'])('is empty where there is none: %s', (args) => expect(nameInDispatch(bodyOf(args))).toBe(''));
});
