import type { CommandContext } from '../cli/command.ts';

export async function doctor(_context: CommandContext): Promise<number> {
  return 0;
}
