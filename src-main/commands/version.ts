import type { CommandContext } from '../cli/command.ts';
import { VERSION } from '../version.ts';

export async function version({ options, print }: CommandContext): Promise<number> {
  const { node } = process.versions;
  const platform = `${process.platform}-${process.arch}`;
  print(options.has('json') ? JSON.stringify({ version: VERSION, node, platform }) : `natsjob ${VERSION} (Node ${node}, ${platform})`);
  return 0;
}
