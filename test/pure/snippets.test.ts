import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GENERATED, generatedFile, snippets, templateOf } from '../../build/snippets.mjs';
import { UnsafeSnippetValue, fillSnippet } from '../../src-renderer/snippets/fill-snippet.ts';

const VALUES = {
  url: 'nats://10.1.2.3:4222', namespace: 'ns-1', app: 'billing', job: 'invoice',
  subject: 'natsjob-void.job.start.ns-1.billing.invoice', workerId: 'host=7',
};
const MAX_GZIP_BYTES = 9 * 1024;

describe('the generated file', () => {
  it('is what the examples give', () => {
    expect(readFileSync(new URL(`../../${GENERATED}`, import.meta.url), 'utf8')).toBe(generatedFile());
  });

  it('stays small enough for the panel', () => {
    expect(gzipSync(generatedFile()).length).toBeLessThan(MAX_GZIP_BYTES);
  });
});

describe.each(snippets())('the snippet for $label', ({ text }) => {
  const filled = fillSnippet(text, VALUES);

  it('has every value once filled, and nothing of the example it was made from', () => {
    for (const value of Object.values(VALUES)) expect(filled).toContain(value);
    expect(filled).toContain('natsjob.job.client-start.ns-1.billing.invoice.host=7');
    expect(filled).not.toMatch(/\{\{|natsjob:|127\.0\.0\.1|\bshop\b|worker-1|\.report\b/);
  });

  it('differs from its template in the block alone', () => {
    const template = text.split('\n');
    const changed = filled.split('\n').flatMap((line, number) => (line === template[number] ? [] : [number]));
    expect(changed.length).toBeGreaterThanOrEqual(5);
    expect(Math.max(...changed) - Math.min(...changed)).toBeLessThan(10);
  });
});

describe('filling', () => {
  it.each([`nats://u:it's@h`, 'nats://u:"@h', 'nats://u:`id`@h', 'nats://u\\h', 'nats://h\nx', 'nats://h\u2028x', 'nats://h\u0085x'])('refuses %j', (url) => {
    expect(() => fillSnippet('{{url}}', { ...VALUES, url })).toThrow(UnsafeSnippetValue);
  });

  it('puts values in as they are, also those that look like a placeholder or a pattern', () => {
    expect(fillSnippet('{{url}} {{app}}', { ...VALUES, url: 'nats://{{app}}:$&@h' })).toBe('nats://{{app}}:$&@h billing');
  });

  it('leaves what no value has', () => {
    expect(fillSnippet('{{constructor}} {{other}}', VALUES)).toBe('{{constructor}} {{other}}');
  });
});

describe('a template', () => {
  it.each([
    ['has no block', 'app = "app"'],
    ['lacks a default', '# natsjob:begin\napp = "shop"\n# natsjob:end'],
  ])('is refused when the program %s', (_why, source) => {
    expect(() => templateOf(source)).toThrow();
  });
});
