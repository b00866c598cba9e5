import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Profile {
  readonly nodes: readonly { id: number; callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where a .cpuprofile's time went, by function, self time only; lines for people. Idle time counts for nothing. */
export function describeProfile(file: string, count = 25): string[] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const place = placeFinder();
  const names = new Map(nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName || '(anonymous)'} ${place(callFrame)}`.trim()]));
  const self = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    if (name !== '(idle)') self.set(name, (self.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const total = [...self.values()].reduce((sum, us) => sum + us, 0);
  return [...self].sort((a, b) => b[1] - a[1]).slice(0, count).map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(5)} %  ${(us / 1e6).toFixed(2)} s  ${name}`);
}

/** File and line of a function, as it was written where the bundle has a map beside it. */
function placeFinder(): (frame: CallFrame) => string {
  const maps = new Map<string, SourceMap | undefined>();
  return ({ url, lineNumber, columnNumber }) => {
    if (url === '') return '';
    if (!maps.has(url)) maps.set(url, readMap(url));
    const entry = maps.get(url)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !('originalSource' in entry)) return `${lastParts(url, 1)}:${lineNumber + 1}`;
    return `${lastParts(entry.originalSource, 3)}:${entry.originalLine + 1}`;
  };
}

function readMap(url: string): SourceMap | undefined {
  const file = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : '';
  return existsSync(file) ? new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]) : undefined;
}

function lastParts(source: string, count: number): string {
  return source.split('/').slice(-count).join('/');
}
