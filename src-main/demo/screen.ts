import { table } from '../cli/table.ts';
import { isDone, type Cell } from './cells.ts';

/** Where the demo shows how far it is: a table that is drawn over and over, or a line for each run where there is no terminal. */
export interface Screen {
  /** A run of the cell is over. */
  tell(cell: Cell): void;
  /** A step of the demo itself. */
  say(line: string): void;
  /** How all cells stand; without a terminal only at the end. */
  draw(isLast: boolean): void;
}

/** Lines that wrap would be counted wrong when the table is drawn over. */
const WIDTH = 90;
const HEAD = ['CATEGORY', 'MODEL', 'RECEIVED', 'COMPLETED', 'LAST RUN', 'STATE', 'TOOK', 'DONE'];

export function openScreen(cells: readonly Cell[], out: NodeJS.WriteStream): Screen {
  const isLive = out.isTTY && out.rows > cells.length + 4 && out.columns >= WIDTH;
  let drawnLines = 0;
  return {
    tell: (cell) => {
      if (!isLive) out.write(`${lineOf(cell)}\n`);
    },
    say: (line) => out.write(`${line}\n`),
    draw(isLast) {
      if (!isLive && !isLast) return;
      const text = cellTable(cells);
      out.write(`${drawnLines > 0 ? `\u001b[${drawnLines}A\u001b[0J` : ''}${text}\n`);
      drawnLines = isLive ? text.split('\n').length : 0;
    },
  };
}

function cellTable(cells: readonly Cell[]): string {
  return table(HEAD, cells.map((cell) => [
    cell.category, cell.model, String(cell.received), cell.keepsRuns ? String(cell.completed) : '-', cell.lastTaskId || '-', cell.lastState || 'not yet',
    took(cell), isDone(cell) ? 'yes' : '',
  ]));
}

function lineOf(cell: Cell): string {
  const name = `${cell.category.padEnd(11)}${cell.model.padEnd(6)}`;
  return `${name} run ${cell.lastTaskId} ${cell.lastState}${cell.keepsRuns ? ` after ${took(cell)}` : ' by the worker'}`;
}

function took(cell: Cell): string {
  return cell.lastTookMs === undefined ? '-' : `${cell.lastTookMs} ms`;
}
