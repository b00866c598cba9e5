import { describe, expect, it } from 'vitest';
import { emptyDelivery, readDelivery, storedAt } from '../../src-core/nats/delivery.ts';
import { headerStatus, headerValue } from '../../src-core/nats/header-block.ts';
import { readAck, storedSequence } from '../../src-core/nats/publish-ack.ts';
import { parseServerList, publicUrl } from '../../src-core/nats/server-list.ts';

describe('the reply subject of a delivered message', () => {
  it.each([
    ['plain', '$JS.ACK.natsjob.natsjob-abc.1.1234567.89.1700000000123456789.42'],
    ['with domain and account', '$JS.ACK.hub.ACCHASH.natsjob.natsjob-abc.1.1234567.89.1700000000123456789.42.random'],
    ['with domain and account, no tail', '$JS.ACK._.ACCHASH.natsjob.natsjob-abc.1.1234567.89.1700000000123456789.42'],
  ])('is read: %s', (_form, reply) => {
    const delivery = emptyDelivery();
    expect(readDelivery(reply, delivery)).toBe(true);
    expect(delivery).toMatchObject({ streamSequence: 1234567, consumerSequence: 89, pending: 42 });
    expect(storedAt(delivery.reply, delivery.timeStart, delivery.timeEnd)).toBe(1_700_000_000_123);
  });
  it.each(['', '$JS.FC.natsjob.x.y', '_INBOX.a.b', '$JS.ACK.a.b', '$JS.ACK.a.b.1.2.3.4'])('is refused when it is another: "%s"', (reply) => {
    expect(readDelivery(reply, emptyDelivery())).toBe(false);
  });
});

describe('a block of headers', () => {
  const block = 'NATS/1.0\r\nNats-Msg-Id: 12:t a,b\r\nX-Nats-Msg-Id: no\r\nEmpty:\r\nTight:x\r\n\r\n';
  it.each([['Nats-Msg-Id', '12:t a,b'], ['X-Nats-Msg-Id', 'no'], ['Empty', ''], ['Tight', 'x'], ['Absent', ''], ['nats-msg-id', '']])('has %s: "%s"', (name, value) => {
    expect(headerValue(block, name)).toBe(value);
  });
  it('tells a status of the server from a message', () => {
    expect(headerStatus('NATS/1.0 100 FlowControl Request\r\n\r\n')).toBe(100);
    expect(headerStatus('NATS/1.0 503\r\n\r\n')).toBe(503);
    expect(headerStatus(block)).toBe(0);
  });
});

describe('the answer to a publish', () => {
  it.each([
    ['{"stream":"natsjob","seq":42}', 42],
    ['{"stream":"natsjob", "seq":42,"duplicate": true}', 42],
    ['{"stream":"natsjob","domain":"hub","seq":9007199254740991}', 9007199254740991],
    ['{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"natsjob","seq":0}', 0],
    ['{"stream":"natsjob"}', 0],
    ['', 0],
    ['not json', 0],
  ])('%s is stored at %d', (text, sequence) => {
    expect(storedSequence(text)).toBe(sequence);
  });
  it.each([
    ['', true, 0],
    ['{', true, 0],
    ['{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"natsjob","seq":0}', true, 10077],
    ['{"error":{"code":400,"err_code":10047,"description":"insufficient storage resources available"}}', true, 10047],
    ['{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"}}', false, 10054],
    ['{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 4"}}', false, 10071],
  ])('%s is refused, for now: %s', (text, transient, code) => {
    expect(readAck(text)).toMatchObject({ kind: 'refused', transient, code });
  });
});

describe('a NATS URL', () => {
  it.each([
    ['localhost', [{ address: 'localhost:4222', tls: false }]],
    ['nats://h:80', [{ address: 'h:80', tls: false }]],
    ['tls://[::1]:4333', [{ address: '[::1]:4333', tls: true }]],
    ['nats://u:p%40ss@a:1, b:2,nats://x:y@c:3', [
      { address: 'a:1', tls: false, user: 'u', password: 'p@ss' },
      { address: 'b:2', tls: false, user: 'u', password: 'p@ss' },
      { address: 'c:3', tls: false, user: 'x', password: 'y' },
    ]],
    ['nats://s3cret@a', [{ address: 'a:4222', tls: false, token: 's3cret' }]],
  ])('%s is read', (url, servers) => {
    expect(parseServerList(url)).toEqual(servers);
  });
  it('is shown without credentials', () => {
    expect(parseServerList('nats://u:p@a:1').map(publicUrl)).toEqual(['nats://a:1']);
  });
  it.each(['', ' , ', 'http://a', 'nats://u:secret@:99999', 'nats://u:secret@h:99999'])('"%s" is refused without repeating it', (url) => {
    let message = '';
    try {
      parseServerList(url);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('secret');
  });
});
