const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Whether the text is a version as semver.org has it, of at most 128 characters. */
export function isVersion(text: string): boolean {
  return text.length <= 128 && VERSION.test(text);
}

/** Below 0 when `left` is older than `right`, above 0 when newer; what follows a + does not count. Both are versions. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parts(left), parts(right)];
  for (let i = 0; i < 3; i++) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i]! - b.numbers[i]!;
  if (a.before.length === 0 || b.before.length === 0) return b.before.length - a.before.length;
  for (let i = 0; i < Math.max(a.before.length, b.before.length); i++) {
    const order = compareIdentifiers(a.before[i], b.before[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function parts(version: string): { numbers: readonly number[]; before: readonly string[] } {
  const [, major, minor, patch, before] = VERSION.exec(version) ?? [];
  return { numbers: [Number(major), Number(minor), Number(patch)], before: before?.split('.') ?? [] };
}

/** Numbers by value and before words, words by their characters; the shorter list comes first. */
function compareIdentifiers(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isNumber && isOtherNumber) return left.length - right.length || (left < right ? -1 : 1);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return left < right ? -1 : 1;
}
