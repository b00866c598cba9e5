import { didYouMean } from '../../src-core/system/index.ts';
import { UsageError, type Command, type CommandContext } from '../cli/command.ts';
import { commandHelp, groupHelp, programHelp } from '../cli/help.ts';

export async function help({ words, print, language }: CommandContext, commands: readonly Command[]): Promise<number> {
  const name = words.join(' ');
  const command = commands.find((candidate) => candidate.name === name);
  if (name === '') print(programHelp(commands, language));
  else if (command) print(commandHelp(command, language));
  else if (commands.some((candidate) => candidate.name.startsWith(`${name} `))) print(groupHelp(name, commands, language));
  else throw new UsageError(`There is no command "${name}".${didYouMean(name, commands.flatMap((candidate) => [candidate.name, candidate.name.split(' ')[0] ?? '']))}`);
  return 0;
}
