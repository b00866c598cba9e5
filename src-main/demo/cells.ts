import type { JobResource, RunResource } from '../../src-core/http/contract.ts';

export const NAMESPACE = 'demo';
export const APP = 'cells';

/** One cell of the category × model table, and how far its job has come. */
export interface Cell {
  readonly category: JobResource['category'];
  readonly model: JobResource['model'];
  readonly job: string;
  /** lite and plus: sent and forgotten, so what the worker got is all there is to see. */
  readonly keepsRuns: boolean;
  /** Messages that reached the worker. */
  received: number;
  runs: number;
  completed: number;
  lastTaskId: string;
  lastState: string;
  lastTookMs: number | undefined;
}

const MODELS = ['lite', 'plus', 'max', 'pro', 'ultra'] as const;

/** Every cell there is: map has none for ultra, group is pro only. */
export function allCells(): Cell[] {
  const cells = (['standalone', 'broadcast', 'map'] as const).flatMap((category) => MODELS.map((model) => newCell(category, model)));
  return [...cells.filter(({ category, model }) => !(category === 'map' && model === 'ultra')), newCell('group', 'pro')];
}

export function isDone(cell: Cell): boolean {
  return cell.keepsRuns ? cell.completed > 0 : cell.received > 0;
}

/** The job as the API takes it; neighbours differ in pace so that the table lives. */
export function jobOf(cell: Cell, index: number): unknown {
  return {
    namespace: NAMESPACE, app: APP, name: cell.job, description: `The cell ${cell.category} × ${cell.model}`,
    schedule: { expression: `@every ${index % 2 === 0 ? 2 : 3}s` }, category: cell.category, model: cell.model, args: { cell: cell.job },
  };
}

/** Takes in what the worker says it received. */
export function noteReceived(cells: readonly Cell[], received: { job: string; taskId: string }): Cell | undefined {
  const cell = cells.find(({ job }) => job === received.job);
  if (cell === undefined) return undefined;
  cell.received++;
  if (!cell.keepsRuns) {
    cell.lastTaskId = received.taskId;
    cell.lastState = 'received';
  }
  return cell;
}

/** Takes in the runs as the API lists them, newest first. Answers the cells with a run that was not completed before. */
export function noteRuns(cells: readonly Cell[], runs: readonly RunResource[]): Cell[] {
  return cells.filter((cell) => {
    const own = runs.filter(({ job }) => job === cell.job);
    const ended = own.filter(({ state }) => state === 'completed');
    const shown = ended[0] ?? own[0];
    if (shown === undefined) return false;
    const isNews = ended.length > 0 && shown.taskId !== cell.lastTaskId;
    cell.runs = own.length;
    cell.completed = ended.length;
    cell.lastTaskId = shown.taskId;
    cell.lastState = shown.state;
    cell.lastTookMs = shown.durationMs ?? undefined;
    return isNews;
  });
}

/** For the person who wonders why it failed: what is known of a cell that is not done. */
export function describeOpen(cell: Cell): string {
  const last = cell.keepsRuns ? `, the last of ${cell.runs} runs: ${cell.lastState || 'none'}` : '';
  return `  ${cell.category} ${cell.model} (messages at the worker: ${cell.received}${last})`;
}

function newCell(category: Cell['category'], model: Cell['model']): Cell {
  const keepsRuns = model !== 'lite' && model !== 'plus';
  return { category, model, job: `${category}-${model}`, keepsRuns, received: 0, runs: 0, completed: 0, lastTaskId: '', lastState: '', lastTookMs: undefined };
}
