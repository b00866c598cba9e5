import { expect, test } from 'vitest';
import { ONE_TIME_MS, OneTimeTokens } from '../../../src-core/http/auth/one-time-tokens.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';

function open(): { clock: ReturnType<typeof createVirtualClock>; tokens: OneTimeTokens } {
  const clock = createVirtualClock();
  let made = 0;
  return { clock, tokens: new OneTimeTokens(clock, (size) => new Uint8Array(size).fill(++made)) };
}

test('a token is 32 bytes of chance, and is taken once', () => {
  const { tokens } = open();
  const token = tokens.issue();
  expect(token).toBe(Buffer.alloc(32, 1).toString('base64url'));
  expect([tokens.redeem(token), tokens.redeem(token)]).toEqual([true, false]);
});

test('it is worth nothing after a minute', () => {
  const { clock, tokens } = open();
  const [first, second] = [tokens.issue(), tokens.issue()];
  clock.pass(ONE_TIME_MS - 1);
  expect(tokens.redeem(first)).toBe(true);
  clock.pass(1);
  expect(tokens.redeem(second)).toBe(false);
});

test.each(['', 'x', 'é', 'A'.repeat(43), 'A'.repeat(10_000)])('what was not given out is refused and uses nothing up: %s', (guess) => {
  const { tokens } = open();
  const token = tokens.issue();
  expect(tokens.redeem(guess)).toBe(false);
  expect(tokens.redeem(` ${token}`)).toBe(false);
  expect(tokens.redeem(token)).toBe(true);
});

test('one does not use up another, and of more than sixteen the oldest are useless', () => {
  const { tokens } = open();
  const issued = Array.from({ length: 18 }, () => tokens.issue());
  expect(issued.map((token) => tokens.redeem(token))).toEqual([false, false, ...Array<boolean>(16).fill(true)]);
});

test('all can be made useless at once', () => {
  const { tokens } = open();
  const issued = [tokens.issue(), tokens.issue()];
  tokens.clear();
  expect(issued.map((token) => tokens.redeem(token))).toEqual([false, false]);
});
