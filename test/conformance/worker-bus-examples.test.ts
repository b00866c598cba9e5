import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';
import { startExample } from '../support/worker-example.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const NOWHERE = { url: 'nats://127.0.0.1:1', namespace: 'app', app: 'shop' };

it.each([['actors.md', 'actors.mjs'], ['event-bus.md', 'event-bus.mjs']])('docs/worker/%s shows examples/worker/%s as it is', (document, name) => {
  const docs = readFileSync(path.join(ROOT, 'docs', 'worker', document), 'utf8');
  const program = readFileSync(path.join(ROOT, 'examples', 'worker', name), 'utf8');
  expect(docs).toContain(`\`\`\`js\n// examples/worker/${name}\n${program}\`\`\``);
});

it('the example of actors handles each key in order and gives up what cannot be done', async () => {
  await using example = await startExample('actors.mjs', NOWHERE);
  const lines = example.output().split('\n');
  for (const album of ['summer', 'winter']) expect(lines.filter((line) => line.startsWith(`${album}:`))).toEqual([`${album}: 1.png`, `${album}: 2.png`]);
  expect(lines.filter((line) => line === 'given up after 3 tries: broken.png: cannot be read (try 3)')).toHaveLength(2);
  expect(lines.find((line) => line.startsWith('ready'))).toContain('"sent":6,"processed":4,"failed":6,"restarted":6,"deadLetters":2');
});

describe.skipIf(!(await natsServerPath()))('with a server', () => {
  it('the example of the event bus keeps accounts, hears news, gives up a bad payment and ends on SIGTERM', async () => {
    const server = await startNatsServer();
    try {
      await using example = await startExample('event-bus.mjs', { ...NOWHERE, url: server.url });
      await until(() => example.output().includes('account-7 has 42') && example.output().includes('news: the shop is open') && example.output().includes('a message was given up'), { what: () => example.output() });
      expect(example.output()).toMatch(/account-7 has 50\n[^]*account-7 has 30\n[^]*account-7 has 42\n/);
      expect(example.output()).toContain('TypeError: a payment without an amount');
      expect(await example.stop()).toBe(0);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  });
});
