/** Value of a header in a block of `NATS/1.0\r\nName: value\r\n…`, '' when absent. The name counts with its case. */
export function headerValue(block: string, name: string): string {
  const start = block.indexOf(`\r\n${name}:`);
  if (start < 0) return '';
  const from = start + name.length + 3;
  const end = block.indexOf('\r\n', from);
  return block.slice(from, end < 0 ? undefined : end).trim();
}

/** All headers of a block; the last value of one that comes twice. */
export function headerRecord(block: string): Record<string, string> {
  const lines = block.split('\r\n').slice(1).filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
}

/** Status of a message the server itself sent, 0 for all others. */
export function headerStatus(block: string): number {
  return block.startsWith('NATS/1.0 ') ? Number.parseInt(block.slice(9, 12), 10) || 0 : 0;
}
