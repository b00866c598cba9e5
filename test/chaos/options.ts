import { parseArgs } from 'node:util';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Three NATS servers with three copies instead of one server. */
  readonly cluster: boolean;
  readonly nodes: number;
  /** Times as many jobs of each kind. */
  readonly load: number;
  /** With fewer kills of the leader a run has proved too little: exit code 1. */
  readonly leastKills: number;
  readonly json: boolean;
  /** Keeps the folder of a run without fault, too. */
  readonly keep: boolean;
}

export const USAGE = `npm run chaos [-- --minutes 3] [--seed N] [--cluster] [--nodes 3] [--load 1] [--least-kills 0] [--json] [--keep]

Starts nodes, NATS and workers as processes of their own, kills and pauses them as the seed says, and counts every
fire. Exit code 1 when one was lost, came twice or did not end, or the nodes do not tell the same history.
`;

/** Throws a TypeError with a sentence for people. */
export function readOptions(args: readonly string[], now: number): ChaosOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '3' }, seed: { type: 'string' }, nodes: { type: 'string', default: '3' }, load: { type: 'string', default: '1' }, 'least-kills': { type: 'string', default: '0' },
      cluster: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    minutes: within('minutes', values.minutes, 0.2, 24 * 60), seed: values.seed === undefined ? now % 2 ** 31 : within('seed', values.seed, 1, 2 ** 31),
    nodes: Math.floor(within('nodes', values.nodes, 2, 9)), load: within('load', values.load, 0.2, 50), leastKills: within('least-kills', values['least-kills'], 0, 100_000), cluster: values.cluster, json: values.json, keep: values.keep,
  };
}

function within(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new TypeError(`--${name} has to be a number from ${least} to ${most}, not "${text}".`);
  return value;
}
