import type { StoryOptions } from './story.ts';

/** CI plays ten thousand; at home some hundreds say soon whether something is broken. */
const SEEDS = Number(process.env['SIM_SEEDS'] ?? (process.env['CI'] === undefined ? 400 : 10_000));
const FIRST = Number(process.env['SIM_FIRST'] ?? 1);
/** Files that share the seeds, so that all processors have work to the end. */
export const PARTS = 4;

/** The seeds of one of the parts. */
export function* seedsOf(part: number): Iterable<number> {
  for (let seed = FIRST + part; seed < FIRST + SEEDS; seed += PARTS) yield seed;
}

export const SPAN = `${SEEDS} seeds from ${FIRST}`;

/** Seeds that found something, and what it was. A change to the stories changes what a seed tells; what can be told in a small test has one, too. */
export const KEPT: readonly { readonly seed: number; readonly found: string; readonly options?: StoryOptions }[] = [
  { seed: 5, found: 'a batch that was committed and said to have failed lost the ends that followed it' },
  { seed: 7, found: 'the same on one node alone' },
  { seed: 10, found: 'a node kept the number of running runs of a dispatch it had not sent, because another sent that run' },
  { seed: 38, found: 'the same after the lease was deleted twice' },
  { seed: 80, found: 'the lease was lost and the clock set back: fires that the log shows were sent again' },
  { seed: 151, found: 'a delayed run stayed delayed after a commit whose outcome was not told' },
  { seed: 213, found: 'the same with one node' },
  { seed: 390, found: 'lite: the clock of the leader before was ahead, and a fire that it had sent was sent again' },
  { seed: 614, found: 'a node that had stepped down took a deleted lease at once: two leaders of one term' },
  { seed: 658, found: 'lite: a lease given up with its bucket gone said that all was told' },
  { seed: 500_193, found: 'a fire that one leader had sent was another trigger\'s on the node that had decided it, too' },
  { seed: 700_180, found: 'a run that was cancelled while it waited was sent by the next leader, which had read the end before the acceptance' },
  { seed: 740, found: 'a run of a job that was deleted had another retry rule on a new node' },
  { seed: 896, found: 'an attempt that would not be was known to the leader only, and due for ever elsewhere' },
  { seed: 964, found: 'lite: clocks set back between two leaders, and what the first had fired was forgotten by the second' },
  { seed: 1778, found: 'a run that another had to make up for was called one in time by who had not sent it' },
  { seed: 2157, found: 'a renewal that was held up took the watermark back' },
  { seed: 4972, found: 'a frozen leader woke, found the lease deleted and wrote it anew, while another led' },
  { seed: 7953, found: 'a leader that read its own acceptance after the job was deleted took the run for another kind' },
  { seed: 11_640, found: 'NATS lost everything after a batch was taken and said to have failed, and runs that were in it stayed active' },
  { seed: 12_022, found: 'a run that was cancelled while it waited had been sent on one node and not on the other: the message came late, from who led before' },
  { seed: 13_108, found: 'a report of a run that had ended, and whose job was deleted, was kept or not as the run had left the book or not' },
  { seed: 13_836, found: 'lite: the clock was set back before a killed leader came again, which sent again what it had sent' },
  { seed: 15_987, found: 'one stream was lost after a batch was taken and said to have failed, with the same outcome' },
  { seed: 22_069, found: 'the same of a run that a clock ahead of the others had given its id' },
  { seed: 25_162, found: 'the database went away while a node asked for its rates: runs that it loaded twice counted for ever' },
  { seed: 25_545, found: 'a leader whose clock was ahead of the NATS server\'s took every worker for silent' },
  { seed: 8077, found: 'NATS lost everything before a shared view had what was read, and a run stayed in it as it was' },
  { seed: 15_053, found: 'lite: the clock was set back while the bucket of the lease was gone, and the leader forgot what it had sent itself' },
  { seed: 23_868, found: 'the same with three nodes' },
  { seed: 21_619, found: 'a lease that nobody had seen was taken with the watermark of now, before the log had told how far firing was' },
  { seed: 40_969, found: 'of the story: who had never seen a lease was held to know what was left to tell, as its clock had been set back' },
  { seed: 11_977, found: 'of the story: it did not wait until the leader\'s clock had come to where the log\'s latest fire is' },
  { seed: 23_916, found: 'the same with one node' },
  { seed: 25_230, found: 'the same after the lease was deleted' },
  { seed: 31_049, found: 'a run was accepted by who led before when it had ended already, and waited for ever on a node that had been started in between' },
  { seed: 43_190, found: 'a run that was cancelled before it was sent said how many were running, where a message of it had been lost' },
  { seed: 3211, found: 'who took a lease that was gone died before it led, no fire was in the log yet, and the next one began at its own now' },
  { seed: 1833, found: 'the same with two nodes on one database' },
  { seed: 63_617, found: 'a fire that came late into the log, with the clock set back: the leader after the next one sent it again, and it never ended there' },
  { seed: 61_693, found: 'who took a lease that was gone died before it led, and the same again' },
  { seed: 42_377, found: 'the same with a lease that was given up before its holder led' },
  { seed: 31_004, found: 'who took a lease that nobody had seen began at the time its reading of the log had ended' },
  { seed: 62_725, found: 'lite: a lease was deleted, and who had given it up before its last holder took that for the last word' },
  { seed: 42_476, found: 'of the story: a new node beside a shared database was held to know answers that the log no longer has' },
  { seed: 63_348, found: 'the same with clocks that were set' },
  { seed: 68_491, found: 'of NATS in memory: a publisher looked for what it had sent before that had arrived, and sent it again' },
  { seed: 67_871, found: 'lite: a clock was set forward, and its leader fired later ones before the lease said so' },
  { seed: 81_889, found: 'lite: a clock was set back, and the lease forgot what its holder had sent before' },
  { seed: 87_374, found: 'a clock was set back, and a rate limit stayed shut for so long' },
  { seed: 81_695, found: 'a late answer to a broadcast whose job was deleted was kept by the node that had not been started in between' },
  { seed: 97_170, found: 'the same with three nodes' },
  { seed: 86_662, found: 'a node read a run of a shared view and then its targets, one of which had ended in between' },
  { seed: 82_473, found: 'of the story: what came late from a leader before was held to be in the lease of one that sends nothing' },
  { seed: 83_545, found: 'of the story: the gap of who takes a lease that is gone begins at the latest fire of the log' },
  { seed: 20, found: 'a node that was killed between reading of a cleaning and of the run\'s end kept the run', options: { queues: true, asks: true } },
  { seed: 885, found: 'the same of runs that were cancelled', options: { queues: true, asks: true } },
  { seed: 971, found: 'the same of a run that was asked for', options: { queues: true, asks: true } },
  { seed: 11_576, found: 'of the story: it did not wait until a leader\'s clock that was set back had come to what is delayed', options: { queues: true, asks: true } },
  { seed: 7073, found: 'of the story: a pause that was being written when the bucket of the lease went was taken for lost, and stood there after it', options: { queues: true, asks: true } },
];
