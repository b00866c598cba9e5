/** Value of a header in a block of `NATS/1.0\r\nName: value\r\n…`, '' when absent. The name counts with its case. */
export function headerValue(block: string, name: string): string {
  const start = block.indexOf(`\r\n${name}:`);
  if (start < 0) return '';
  const from = start + name.length + 3;
  const end = block.indexOf('\r\n', from);
  return block.slice(from, end < 0 ? undefined : end).trim();
}

/** Status of a message the server itself sent, 0 for all others. */
export function headerStatus(block: string): number {
  return block.startsWith('NATS/1.0 ') ? Number.parseInt(block.slice(9, 12), 10) || 0 : 0;
}
