import type { StoredMsg } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { openBusAccess } from '../../src-core/nats/bus-access.ts';
import type { BucketPage } from '../../src-core/ports/index.ts';
import { kvPrefix } from '../../src-core/wire/index.ts';

interface Question {
  readonly seq?: number;
  readonly last_by_subj?: string;
}

/** The stream of a bucket that keeps one value of each key; `meanwhile` is called before each question is answered. */
class BucketStream {
  readonly #messages = new Map<number, StoredMsg>();
  #last = 0;
  meanwhile: (question: Question) => void = () => {};

  put(key: string, text: string): void {
    const subject = kvPrefix('b') + key;
    for (const { seq, subject: other } of this.#messages.values()) if (other === subject) this.#messages.delete(seq);
    const seq = ++this.#last;
    this.#messages.set(seq, { seq, subject, string: () => text, time: new Date(seq) } as StoredMsg);
  }

  async entries(limit = 100, after?: string): Promise<BucketPage> {
    const getMessage = async (_stream: string, question: Question): Promise<StoredMsg | null> => {
      this.meanwhile(question);
      return [...this.#messages.values()].find(({ seq, subject }) => (question.last_by_subj === undefined ? seq >= question.seq! : subject === question.last_by_subj)) ?? null;
    };
    const access = openBusAccess({ manager: { streams: { getMessage } } } as never);
    return access.bucketEntries('b', { prefix: '', limit, ...(after === undefined ? {} : { after }) });
  }
}

const shown = ({ items }: BucketPage): string[] => items.map(({ key, text }) => `${key} ${text}`);

test('a key that is written anew while its bucket is looked at is in the list, with its new value', async () => {
  const bucket = new BucketStream();
  for (const key of ['lease', 'other']) bucket.put(key, 'old');
  bucket.meanwhile = ({ last_by_subj }) => {
    if (last_by_subj?.endsWith('lease')) bucket.put('lease', 'new');
  };
  expect(shown(await bucket.entries())).toEqual(['other old', 'lease new']);
});

test('a key that is written anew after it was found comes once, at its new place', async () => {
  const bucket = new BucketStream();
  const keys = Array.from({ length: 70 }, (_, number) => `key-${number}`);
  for (const key of keys) bucket.put(key, 'old');
  bucket.meanwhile = ({ seq }) => {
    if (seq === 60) bucket.put('key-0', 'new');
  };
  expect(shown(await bucket.entries())).toEqual([...keys.slice(1).map((key) => `${key} old`), 'key-0 new']);
});

test('a page that ends before it leaves a key that was written anew to the next one', async () => {
  const bucket = new BucketStream();
  for (const key of ['a', 'b', 'c', 'd']) bucket.put(key, 'old');
  bucket.meanwhile = ({ last_by_subj }) => {
    if (last_by_subj?.endsWith('.a')) bucket.put('a', 'new');
  };
  const first = await bucket.entries(2);
  bucket.meanwhile = () => {};
  expect([...shown(first), ...shown(await bucket.entries(10, first.next))]).toEqual(['b old', 'c old', 'd old', 'a new']);
});
