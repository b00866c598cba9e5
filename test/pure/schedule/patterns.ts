import fc from 'fast-check';

/** Valid 6-field expressions, and seldom more than a day apart so that oracles may scan. */
export function frequentPattern(): fc.Arbitrary<string> {
  return fc
    .tuple(numbers(0, 59), numbers(0, 59), numbers(0, 23), dayFields())
    .map(([second, minute, hour, days]) => `${second} ${minute} ${hour} ${days}`);
}

/** Any valid time of day with restricted days, months and weekdays. */
export function anyPattern(): fc.Arbitrary<string> {
  const days = fc.oneof(numbers(1, 28), fc.constantFrom('L', 'LW', '15W', '1,L', '31W,3', '?', '*,5'));
  const weekdays = fc.oneof(numbers(0, 6), fc.constantFrom('5L', '5#2', 'mon-FRI', '1,3#1', '?', 'sun', 'fri-sun'));
  return fc
    .tuple(numbers(0, 59), numbers(0, 59), numbers(0, 23), days, numbers(1, 12), weekdays)
    .map((fields) => fields.join(' '));
}

/** One time a day. */
export function fixedPattern(): fc.Arbitrary<string> {
  const hour = fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.nat(23));
  return fc.tuple(fc.nat(59), fc.nat(59), hour).map(([second, minute, at]) => `${second} ${minute} ${at} * * *`);
}

/** Zones with every kind of trouble. */
export function zoneName(): fc.Arbitrary<string> {
  return fc.constantFrom(
    'UTC', 'America/New_York', 'Europe/London', 'America/Sao_Paulo', 'America/Havana', 'Africa/Cairo', 'Africa/Casablanca',
    'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Shanghai', 'Asia/Gaza', 'America/St_Johns',
    'Antarctica/Troll', 'Africa/Monrovia', 'Pacific/Kwajalein', 'Asia/Tehran',
  );
}

/** Epoch ms between 1971 and 2060, now and then within a day of a clock change or a year's end. */
export function moment(): fc.Arbitrary<number> {
  const near = fc.constantFrom(
    '2026-03-08T07:00:00Z', '2026-11-01T06:00:00Z', '2026-10-03T15:30:00Z', '2026-04-04T15:00:00Z', '2011-12-30T10:00:00Z',
    '2018-11-04T03:00:00Z', '2018-02-18T02:00:00Z', '2026-04-23T22:00:00Z', '2026-10-29T21:00:00Z', '2026-01-01T00:00:00Z',
    '1993-08-21T12:00:00Z', '1972-01-07T00:44:30Z',
  );
  return fc.oneof(
    fc.integer({ min: 31_536_000_000, max: 2_840_140_800_000 }),
    fc.tuple(near, fc.integer({ min: -86_400_000, max: 86_400_000 })).map(([text, shift]) => Date.parse(text) + shift),
  );
}

function dayFields(): fc.Arbitrary<string> {
  return fc.constantFrom('* * *', '*/2 * *', '? * MON-FRI', '1-31 * 1', '*,3 * */2', '* * ?');
}

function numbers(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: max - min + 1 });
  const item = fc.oneof(
    fc.constant('*'),
    value.map(String),
    range,
    fc.tuple(fc.oneof(fc.constant('*'), value.map(String), range), step).map(([of, by]) => `${of}/${by}`),
  );
  return fc.oneof({ weight: 3, arbitrary: item }, { weight: 1, arbitrary: fc.array(item, { minLength: 2, maxLength: 4 }).map((items) => items.join(',')) });
}
