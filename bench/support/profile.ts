import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Profile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where a .cpuprofile's time went, by function, self time only; lines for people. Idle time counts for nothing. */
export function describeProfile(file: string, count = 25): string[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [id, `${functionName || '(anonymous)'} ${path.basename(url)}${url === '' ? '' : `:${lineNumber + 1}`}`.trim()]));
  const self = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    if (name !== '(idle)') self.set(name, (self.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const total = [...self.values()].reduce((sum, us) => sum + us, 0);
  return [...self].sort((a, b) => b[1] - a[1]).slice(0, count).map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(5)} %  ${(us / 1e6).toFixed(2)} s  ${name}`);
}
