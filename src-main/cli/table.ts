/** Columns of an answer for people; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(cells)));
  return [head, ...rows]
    .map((row) => row.map((text, column) => (column === head.length - 1 ? printable(text) : padEnd(printable(text), (widths[column] ?? 0) + 2))).join('').trimEnd())
    .join('\n');
}

/** Pads by the cells a terminal needs: Chinese characters take two. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

function cells(text: string): number {
  let count = 0;
  for (const char of text) count += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(char) ? 2 : 1;
  return count;
}

/** What workers and people send may hold line ends and control codes for the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
