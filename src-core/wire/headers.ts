/**
 * Header names and values. A dispatch's body is the protocol's; what a row needs beyond it travels in one header,
 * positional and short, because it is written for every run.
 */
import type { Trigger } from '../domain/run.ts';
import { isClientId } from './names.ts';
import { isRunId } from './runid.ts';
import type { RunEventKind } from './subjects.ts';

/** The term of the leader that sent the message. */
export const TERM_HEADER = 'Natsjob-Term';
/** NATS: the stream drops a second message of the same id within its duplicate window. */
export const MSG_ID_HEADER = 'Nats-Msg-Id';
/** encodeRunHeader's text. */
export const RUN_HEADER = 'Natsjob-Run';

/** Why a run exists; in the header as one letter. */
export type RunTrigger = Trigger;

export interface RunHeader {
  jobNumber: number;
  trigger: RunTrigger;
  /** This try and the most allowed; both from 1. */
  attempt: number;
  attempts: number;
  /** Epoch milliseconds; `expiresAt` 0 for never. */
  scheduledAt: number;
  dispatchedAt: number;
  expiresAt: number;
  /** The first attempt's id, when this is not the first. */
  rootTaskId?: string;
  /** Which target this message is for, when the run has several end keys. */
  subId?: string;
  /** How many targets the run has in all; 0 for an ordinary run. */
  targets: number;
  /** Bits: which ends are tried again (1 fail, 2 expired); the domain's RETRY_ON_…. */
  retryOn: number;
  /** 2 for the second step of map. */
  step: 1 | 2;
  priority: number;
}

const VERSION = '1';
const LETTER: Record<RunTrigger, string> = { schedule: 's', manual: 'm', retry: 'r', 'catch-up': 'c', map: 'p', api: 'a' };
const TRIGGER: ReadonlyMap<string, RunTrigger> = new Map((Object.keys(LETTER) as RunTrigger[]).map((trigger) => [LETTER[trigger], trigger]));
const SHAPE_LENGTH = 13;
const MAX_HEADER_LENGTH = 512;

/**
 * `1,<trigger letter>,<jobNumber>,<attempt>,<attempts>,<scheduledAt>,<dispatchedAt − scheduledAt>,
 * <expiresAt − dispatchedAt, empty for never>,<retryOn>,<step>,<priority>,<targets>,<rootTaskId>,<subId>`.
 * The sub id comes last because worker ids may hold commas.
 */
export function encodeRunHeader(run: RunHeader): string {
  return (
    VERSION + ',' + LETTER[run.trigger] + ',' + run.jobNumber + ',' + run.attempt + ',' + run.attempts + ',' +
    run.scheduledAt + ',' + (run.dispatchedAt - run.scheduledAt) + ',' +
    (run.expiresAt === 0 ? '' : run.expiresAt - run.dispatchedAt) + ',' +
    run.retryOn + ',' + run.step + ',' + run.priority + ',' + run.targets + ',' +
    (run.rootTaskId ?? '') + ',' + (run.subId ?? '')
  );
}

/** Back to values; undefined for anything that encodeRunHeader does not write, other versions included. Never throws. */
export function decodeRunHeader(text: string): RunHeader | undefined {
  if (text.length > MAX_HEADER_LENGTH) return undefined;
  const parts: string[] = [];
  let from = 0;
  while (parts.length < SHAPE_LENGTH) {
    const comma = text.indexOf(',', from);
    if (comma < 0) return undefined;
    parts.push(text.slice(from, comma));
    from = comma + 1;
  }
  const trigger = TRIGGER.get(parts[1] as string);
  if (parts[0] !== VERSION || trigger === undefined) return undefined;
  const scheduledAt = whole(parts[5] as string);
  const dispatchedAt = scheduledAt + signed(parts[6] as string);
  const expiresAt = parts[7] === '' ? 0 : dispatchedAt + signed(parts[7] as string);
  const step = whole(parts[9] as string);
  const header: RunHeader = {
    jobNumber: whole(parts[2] as string),
    trigger,
    attempt: whole(parts[3] as string),
    attempts: whole(parts[4] as string),
    scheduledAt,
    dispatchedAt,
    expiresAt,
    targets: whole(parts[11] as string),
    retryOn: whole(parts[8] as string),
    step: step === 2 ? 2 : 1,
    priority: whole(parts[10] as string),
  };
  // A part that is no number has become NaN and makes the sum NaN.
  const sum = header.jobNumber + header.attempt + header.attempts + dispatchedAt + expiresAt + header.targets + header.retryOn + header.priority;
  if (Number.isNaN(sum) || (step !== 1 && step !== 2) || header.attempt < 1 || dispatchedAt < 0 || expiresAt < 0) return undefined;
  const rootTaskId = parts[12] as string;
  if (rootTaskId !== '') {
    if (!isRunId(rootTaskId)) return undefined;
    header.rootTaskId = rootTaskId;
  }
  if (from < text.length) {
    const subId = text.slice(from);
    if (!isClientId(subId)) return undefined;
    header.subId = subId;
  }
  return header;
}

/**
 * The message id of a dispatch. A run's first message has the run id itself, the second step of map `<id>:2`,
 * the message to one target `<id>:t<subId>`.
 */
export function dispatchMsgId(taskId: string, step: 1 | 2, subId?: string): string {
  const id = step === 1 ? taskId : taskId + ':2';
  return subId === undefined ? id : `${id}:t${subId}`;
}

/** The message id of an event about a run; never one of dispatchMsgId's. */
export function eventMsgId(kind: Exclude<RunEventKind, 'skips'>, taskId: string): string {
  return `${taskId}:e:${kind}`;
}

/** At most 15 decimal digits, so that every value is exact; NaN for anything else. */
function whole(text: string): number {
  if (text.length === 0 || text.length > 15) return Number.NaN;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function signed(text: string): number {
  return text.startsWith('-') ? -whole(text.slice(1)) : whole(text);
}
