import { expect, test } from 'vitest';
import { clientAddress, isLocal } from '../../../src-core/http/auth/request-origin.ts';
import { isOwnOrigin } from '../../../src-core/http/server/check-origin.ts';

function trace(socketAddress: string, headers: Record<string, string> = {}, httpVersion = '1.1') {
  return { socketAddress, httpVersion, headers: { host: 'localhost:7788', ...headers } };
}

test.each([
  ['127.0.0.1', {}],
  ['::1', { host: '[::1]:7788' }],
  ['::ffff:127.0.0.1', { host: '127.0.0.1:7788' }],
  ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '::1', 'x-forwarded-proto': 'http' }],
  ['127.0.0.1', { forwarded: 'for="[::1]:4711";proto=http, for=127.0.0.1' }],
])('from this machine: %s %j', (address, headers) => {
  expect(isLocal(trace(address, headers))).toBe(true);
});

test.each([
  ['10.0.0.2', {}, '1.1'],
  ['10.0.0.2', { 'x-forwarded-for': '127.0.0.1' }, '1.1'],
  ['', {}, '1.1'],
  ['127.0.0.1', { 'x-forwarded-for': '10.0.0.2' }, '1.1'],
  ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1, 10.0.0.2' }, '1.1'],
  ['127.0.0.1', { 'x-forwarded-for': '10.0.0.2, 127.0.0.1' }, '1.1'],
  ['127.0.0.1', { 'x-real-ip': '10.0.0.2' }, '1.1'],
  ['127.0.0.1', { forwarded: 'for=unknown' }, '1.1'],
  ['127.0.0.1', { forwarded: 'by=127.0.0.1' }, '1.1'],
  ['127.0.0.1', { 'x-forwarded-for': 'localhost.evil' }, '1.1'],
  ['127.0.0.1', { 'x-forwarded-proto': 'https' }, '1.1'],
  ['127.0.0.1', { via: '1.1 proxy' }, '1.1'],
  ['127.0.0.1', { host: 'jobs.example.com' }, '1.1'],
  ['127.0.0.1', { host: '127.0.0.1.evil.com' }, '1.1'],
  ['127.0.0.1', {}, '1.0'],
])('not from this machine: %s %j HTTP/%s', (address, headers, version) => {
  expect(isLocal(trace(address, headers, version))).toBe(false);
});

test.each([
  ['10.0.0.2', { 'x-forwarded-for': '1.1.1.1' }, '10.0.0.2'],
  ['127.0.0.1', {}, '127.0.0.1'],
  ['127.0.0.1', { 'x-forwarded-for': '6.6.6.6, 1.1.1.1' }, '1.1.1.1'],
  ['127.0.0.1', { 'x-real-ip': '1.1.1.1:99' }, '1.1.1.1'],
  ['127.0.0.1', { 'x-forwarded-for': '"><script>' }, 'unknown'],
  ['2001:db8:1:2:3:4:5:6', {}, '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9%eth0', {}, '2001:db8:1:2::/64'],
  ['2001:db8::1', {}, '2001:db8:0:0::/64'],
  ['::ffff:1.2.3.4', {}, '1.2.3.4'],
])('tries from %s %j count for %s', (address, headers, expected) => {
  expect(clientAddress(trace(address, headers))).toBe(expected);
});

test.each([
  [{ host: 'a:7788' }, true],
  [{ host: 'a:7788', origin: 'http://a:7788' }, true],
  [{ host: 'jobs.example.com', origin: 'https://jobs.example.com' }, true],
  [{ host: 'jobs.example.com:443', origin: 'https://jobs.example.com' }, true],
  [{ host: 'backend', 'x-forwarded-host': 'jobs.example.com', origin: 'https://jobs.example.com' }, true],
  [{ host: 'a:7788', origin: 'http://allowed:5173' }, true],
  [{ host: 'a:7788', origin: 'http://a:7789' }, false],
  [{ host: 'a:7788', origin: 'http://evil' }, false],
  [{ host: 'a:7788', origin: 'null' }, false],
  [{ host: 'a:7788', origin: 'file://' }, false],
])('the origin of %j is ours: %s', (headers, own) => {
  expect(isOwnOrigin(headers, ['http://allowed:5173'])).toBe(own);
});
