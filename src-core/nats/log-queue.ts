import type { LogMessage } from '../ports/bus.ts';
import { MSG_ID_HEADER, RUN_HEADER } from '../wire/index.ts';
import type { LogTarget } from './log-reconcile.ts';

/** A message on its way to a stream. */
export interface Entry {
  readonly message: LogMessage;
  readonly target: LogTarget;
  /** The place it was accepted at; order of sending. */
  readonly order: number;
  /** Made when it was looked at, dropped when it was sent. */
  frame: Frame | undefined;
  /** What it weighs on the wire, once the frame is made. */
  bytes: number;
  /** The target's last acknowledged sequence when this was sent: it can only stand behind that. */
  after: number;
  /** Monotonic milliseconds. */
  sentAt: number;
}

export interface Frame {
  /** The header block. */
  readonly head: string;
  readonly headBytes: number;
  readonly payloadBytes: number;
}

/** What a message weighs beside subject, headers and payload: the verb, the reply subject, lengths, line ends. */
const FRAME_BYTES = 60;
/** ASCII without line breaks: nearly every header. */
const PLAIN = /^[ -~]*$/;
/** Slots at the head of the list that are used up before it is cut. */
const MAX_SPENT = 4_096;

/** Puts the entry's headers together, once, and weighs it. `termLine` is the term header between its line breaks. */
export function frameOf(entry: Entry, termLine: string): Frame {
  if (entry.frame !== undefined) return entry.frame;
  const { subject, text, id, runHeader } = entry.message;
  const isPlain = PLAIN.test(id) && PLAIN.test(runHeader);
  const runLine = runHeader === '' ? '' : `${RUN_HEADER}: ${isPlain ? runHeader : oneLine(runHeader)}\r\n`;
  const head = `NATS/1.0\r\n${MSG_ID_HEADER}: ${isPlain ? id : oneLine(id)}${termLine}${runLine}\r\n`;
  const frame = { head, headBytes: isPlain ? head.length : Buffer.byteLength(head), payloadBytes: Buffer.byteLength(text) };
  entry.bytes = FRAME_BYTES + subject.length + frame.headBytes + frame.payloadBytes;
  entry.frame = frame;
  return frame;
}

/** What is to be sent: first what came back, then what was never sent; each in the order it was accepted. */
export class LogQueue {
  #waiting: Entry[] = [];
  #head = 0;
  #returned: Entry[] = [];

  get size(): number {
    return this.#returned.length + this.#waiting.length - this.#head;
  }

  push(entry: Entry): void {
    this.#waiting.push(entry);
  }

  peek(): Entry | undefined {
    return this.#returned.length > 0 ? this.#returned[0] : this.#waiting[this.#head];
  }

  shift(): void {
    if (this.#returned.length > 0) {
      this.#returned.shift();
      return;
    }
    this.#head++;
    if (this.#head >= this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head > MAX_SPENT && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Takes back what was sent and is not in the stream. */
  giveBack(entry: Entry): void {
    let at = this.#returned.length;
    while (at > 0 && (this.#returned[at - 1] as Entry).order > entry.order) at--;
    this.#returned.splice(at, 0, entry);
  }

  /** Takes out what meets the condition, in order. */
  remove(condition: (entry: Entry) => boolean): readonly Entry[] {
    const gone: Entry[] = [];
    const stays = (entry: Entry): boolean => {
      if (!condition(entry)) return true;
      gone.push(entry);
      return false;
    };
    const returned = this.#returned.filter(stays);
    const waiting = (this.#head === 0 ? this.#waiting : this.#waiting.slice(this.#head)).filter(stays);
    if (gone.length === 0) return gone;
    this.#returned = returned;
    this.#waiting = waiting;
    this.#head = 0;
    return gone;
  }
}

/** A line break would end the header and begin another. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
