import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BrokenLoginFileError, openLoginFile, UnavailableError } from '../../../src-core/system/index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'login-file-'));
  file = path.join(folder, 'login.json');
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const PASSWORD = { scheme: 'scrypt-16384-8-1', salt: 'c2FsdA==', hash: 'aGFzaA==' } as const;

test('what was written is there again, and changes that come at once do not undo each other', async () => {
  const first = openLoginFile(file);
  expect(first.kept).toEqual({ notBefore: 0, sparedTokenId: '', revoked: [] });
  await Promise.all([first.update((kept) => ({ ...kept, password: PASSWORD })), first.update((kept) => ({ ...kept, notBefore: 7, revoked: [['t', 9]] }))]);
  expect(openLoginFile(file).kept).toEqual({ password: PASSWORD, notBefore: 7, sparedTokenId: '', revoked: [['t', 9]] });
  expect(readdirSync(folder)).toEqual(['login.json']);
});

test.each(['', 'null', '{}', '{"notBefore":0,"sparedTokenId":"","revoked":[1]}', '{"notBefore":0,"sparedTokenId":"","revoked":[],"password":{"scheme":"md5","salt":"a","hash":"b"}}'])('a file with %s is not taken for none', (text) => {
  writeFileSync(file, text);
  expect(() => openLoginFile(file)).toThrow(BrokenLoginFileError);
});

test('what the disk does not take is not in force', async () => {
  rmSync(folder, { recursive: true });
  const login = openLoginFile(file);
  await expect(login.update((kept) => ({ ...kept, password: PASSWORD }))).rejects.toBeInstanceOf(UnavailableError);
  expect(login.kept.password).toBeUndefined();
  folder = mkdtempSync(path.join(tmpdir(), 'login-file-'));
});
