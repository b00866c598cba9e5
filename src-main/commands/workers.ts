import type { Page, WorkerResource } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { printable, table } from '../cli/table.ts';
import { connect } from '../client/connect.ts';

export async function workers(context: CommandContext): Promise<number> {
  const { options, print } = context;
  const page = await connect(context).call<Page<WorkerResource>>('GET', '/workers', { query: { namespace: options.get('namespace'), app: options.get('app') } });
  if (options.has('json')) {
    print(JSON.stringify(page, null, 2));
    return 0;
  }
  print(table(['WORKER', 'APP', 'STATE', 'WEIGHT', 'CAPACITY', 'RUNNING', 'GROUP', 'SEEN', 'COMMENT'], page.items.map((worker) => [
    worker.id, `${worker.namespace}.${worker.app}`, stateOf(worker), String(worker.weight), worker.capacity === 0 ? '-' : String(worker.capacity), String(worker.running),
    worker.group || '-', worker.lastSeenAt, printable(worker.comment),
  ])));
  return 0;
}

function stateOf({ live, drained }: WorkerResource): string {
  if (!live) return 'lost';
  return drained ? 'drained' : 'live';
}
