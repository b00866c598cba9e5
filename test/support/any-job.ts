import fc from 'fast-check';

const RULED = fc.constantFrom(
  ['standalone', 'lite'], ['standalone', 'plus'], ['standalone', 'max'], ['standalone', 'pro'], ['standalone', 'ultra'], ['broadcast', 'lite'], ['broadcast', 'plus'], ['broadcast', 'max'],
  ['broadcast', 'pro'], ['broadcast', 'ultra'], ['map', 'lite'], ['map', 'plus'], ['map', 'max'], ['map', 'pro'], ['group', 'pro'],
);
const EXPRESSIONS = fc.oneof(
  fc.constantFrom('', '@hourly', '@yearly', '@every 1h', '@every 90m30s', '@every 2w', '0 0 29 2 *', '0 0 9 * * 1-5', '0 0 0 L * ?', '? 0 12 * * mon', '0 0/15 8-18 1,15 */2 *', 'TZ=Asia/Tokyo 0 3 * * *', '@at 2099-01-01T00:00:00Z', '0 0 0 1 1 * 2099'),
  fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 31 }), fc.integer({ min: 1, max: 12 })).map(([minute, hour, day, month]) => `0 ${minute} ${hour} ${day} ${month} *`),
);
const TEXT = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('*', '>', "' OR 1=1 --", '<b>&amp;', '%s\\u0000', '"', '\\'));
const TIMES = fc.constantFrom(null, '2020-01-01T00:00:00Z', '2030-06-01T12:00:00+02:00', '2099-12-31T23:59:59.999-11:00');
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });

/** Definitions that look right in every field; the API may still refuse some, by name. None fires in the minutes of a test. */
export const ANY_JOB: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(RULED, fc.record({
    description: optional(TEXT),
    owner: optional(TEXT),
    schedule: optional(fc.record({ expression: EXPRESSIONS, timezone: fc.constantFrom('', 'UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'), startAt: TIMES, endAt: TIMES, dst: fc.constantFrom('once', 'compat', 'skip'), jitterMs: fc.integer({ min: 0, max: 86_400_000 }) }, { requiredKeys: ['expression'] })),
    args: optional(fc.oneof(TEXT, fc.jsonValue())),
    misfire: optional(fc.record({ policy: fc.constantFrom('skip', 'once', 'all'), windowMs: fc.integer({ min: 0, max: 604_800_000 }), max: fc.integer({ min: 1, max: 1000 }) }, { requiredKeys: [] })),
    rate: optional(fc.oneof(fc.constant(null), fc.record({ max: fc.integer({ min: 1, max: 10_000 }), perMs: fc.integer({ min: 100, max: 86_400_000 }) }))),
    priority: optional(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom('low', 'normal', 'high', 'critical'))),
    state: optional(fc.constantFrom('enabled', 'disabled', 'paused')),
    tags: optional(fc.array(fc.string({ minLength: 1, maxLength: 64 }), { maxLength: 5 })),
  }), fc.record({
    maxRunning: optional(fc.integer({ min: 0, max: 10_000 })),
    overlap: optional(fc.constantFrom('skip', 'queue', 'replace')),
    queueLimit: optional(fc.integer({ min: 1, max: 1_000_000 })),
    timeoutMs: optional(fc.integer({ min: 60_000, max: 86_400_000 })),
    retry: optional(fc.record({ attempts: fc.integer({ min: 1, max: 100 }), backoff: fc.constantFrom('fixed', 'exponential'), delayMs: fc.integer({ min: 0, max: 86_400_000 }), maxDelayMs: fc.integer({ min: 0, max: 604_800_000 }), on: fc.uniqueArray(fc.constantFrom('fail', 'expired')) }, { requiredKeys: [] })),
  }), fc.constantFrom('', 'clientFirst', 'clientRandom', 'clientRound', 'clientMaxWeight'))
  .map(([[category, model], fields, limits, condition]) => ({
    category, model, ...fields, ...(model === 'lite' || model === 'plus' ? {} : limits), ...(category === 'standalone' && model === 'ultra' ? { condition } : {}),
  }));
