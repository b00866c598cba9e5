/** Small things remembered in this browser. A browser that forbids it is one that forgets. */
const PREFIX = 'natsjob.';

export function remember(name: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden.
  }
}

export function recall(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null') as unknown;
  } catch {
    return null;
  }
}

/** The remembered word when it is one of those allowed now, else the first. */
export function recallOneOf<T extends string>(name: string, allowed: readonly [T, ...T[]]): T {
  const value = recall(name);
  return allowed.find((word) => word === value) ?? allowed[0];
}
