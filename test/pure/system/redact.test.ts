import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactUrl } from '../../../src-core/system/index.ts';

describe('addresses in texts', () => {
  it.each([
    ['nats://user:hush@host:4222', 'nats://user:***@host:4222'],
    ['a nats://u:hush@h,tls://v:hush@i b', 'a nats://u:***@h,tls://v:***@i b'],
    ['nats://hush@host:4222', 'nats://***@host:4222'],
    ['root:hush@tcp(127.0.0.1:3306)/natsjob', 'root:***@tcp(127.0.0.1:3306)/natsjob'],
    ['host=h user=u password=hush port=1', 'host=h user=u password=*** port=1'],
    ['{"password":"hush","a":1}', '{"password":"***","a":1}'],
    ['nats://u:hu@sh@h:1', 'nats://u:***@h:1'],
    ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
    ['mail a@b.example', 'mail a@b.example'],
  ])('%s', (text, clean) => {
    expect(redactUrl(text)).toBe(clean);
  });

  it('never show a password, whatever characters it is of', () => {
    const password = fc.stringMatching(/^[A-Za-z0-9!$*()_+.~%^-]{8,40}$/);
    fc.assert(fc.property(password, (hush) => !redactUrl(`failed: nats://user:${hush}@host:1 and more`).includes(hush)));
  });
});
