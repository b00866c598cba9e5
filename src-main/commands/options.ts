import type { RunRequestBody } from '../../src-core/http/contract.ts';
import { UsageError, type CommandContext } from '../cli/command.ts';

/** A whole number given as an option; undefined when it was not given. */
export function numberOption({ options }: CommandContext, flag: string, least: number, most: number): number | undefined {
  const text = options.get(flag);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${flag} must be a whole number from ${least} to ${most}, not "${text}".`);
}

/** A number or a word, as the API takes it. */
export function priorityOption(context: CommandContext): RunRequestBody['priority'] {
  const text = context.options.get('priority');
  const word = PRIORITY_WORDS.find((known) => known === text);
  if (word !== undefined) return word;
  if (text !== undefined && !/^\d+$/.test(text)) throw new UsageError(`--priority must be a whole number from 1 to 20, or ${PRIORITY_WORDS.join(', ')}, not "${text}".`);
  return numberOption(context, 'priority', 1, 20);
}

const PRIORITY_WORDS = ['low', 'normal', 'high', 'critical'] as const;

/** `name`, or `namespace.app.name`, as the filters the lists take; the other options fill in what the name leaves open. */
export function jobFilter({ options }: CommandContext): { namespace?: string; app?: string; job?: string } {
  const parts = options.get('job')?.split('.') ?? [];
  if (parts.length === 2 || parts.length > 3) throw new UsageError('--job must be the name of a job, or namespace.app.name.');
  const [namespace, app] = parts.length === 3 ? parts : [options.get('namespace'), options.get('app')];
  const job = parts.at(-1);
  return { ...(namespace === undefined ? {} : { namespace }), ...(app === undefined ? {} : { app }), ...(job === undefined ? {} : { job }) };
}

/** A job's address as a path segment. */
export function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}
