/**
 * Calls from node to node, and from workers to any node: core NATS, outside of the stream's subjects, so nothing of them is stored.
 * A frame is the length of its head (four bytes, big endian), the head as JSON in ASCII, and raw bytes. The head of a call is
 * `{ method, input }`, of its answer `{ value }` or `{ error }` (call-errors.ts).
 */

export interface Frame {
  readonly head: unknown;
  readonly bytes: Uint8Array;
}

const LENGTH_BYTES = 4;
const MAX_HEAD_BYTES = 4 * 1024 * 1024;
const LAST_ASCII = 0x7f;
const PIECE = 8_192;

/** `*` as the method stands for all of the node's. */
export function callSubject(nodeId: string, method: string): string {
  return `natsjob-node.${nodeId}.${method}`;
}

/** What workers may ask of any node, and the queue group in which one of the nodes takes it. */
export const ANY_NODE_QUEUE = 'natsjob-node';
export const ANY_NODE_METHODS = [
  'job.declare', 'job.get', 'job.list', 'job.setState', 'run.get', 'run.list', 'run.attempts', 'run.reports', 'run.cancel', 'run.rerun', 'run.run', 'queue.status', 'queue.metrics', 'queue.clean',
] as const;
export type AnyNodeMethod = (typeof ANY_NODE_METHODS)[number];

/** A node's own subjects have one token after the node's id, these two: a node may be called `any`. */
export function anyNodeSubject(method: AnyNodeMethod): string {
  return `natsjob-node.any.${method}`;
}

/** The head must be a value that JSON has. */
export function encodeFrame(head: unknown, bytes: Uint8Array): Uint8Array {
  const text = asAscii(JSON.stringify(head));
  const frame = new Uint8Array(LENGTH_BYTES + text.length + bytes.length);
  new DataView(frame.buffer).setUint32(0, text.length);
  for (let index = 0; index < text.length; index++) frame[LENGTH_BYTES + index] = text.charCodeAt(index);
  frame.set(bytes, LENGTH_BYTES + text.length);
  return frame;
}

/** Undefined for what is no frame. The bytes are a view of the frame's. */
export function decodeFrame(frame: Uint8Array): Frame | undefined {
  if (frame.length < LENGTH_BYTES) return undefined;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  const end = LENGTH_BYTES + length;
  if (length > MAX_HEAD_BYTES || end > frame.length) return undefined;
  const text = readAscii(frame.subarray(LENGTH_BYTES, end));
  if (text === undefined) return undefined;
  try {
    return { head: JSON.parse(text) as unknown, bytes: frame.subarray(end) };
  } catch {
    return undefined;
  }
}

/** All that is not ASCII in a JSON text stands within strings, where it may be spelled by its number. */
function asAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function readAscii(bytes: Uint8Array): string | undefined {
  if (bytes.some((byte) => byte > LAST_ASCII)) return undefined;
  let text = '';
  for (let from = 0; from < bytes.length; from += PIECE) text += String.fromCharCode(...bytes.subarray(from, from + PIECE));
  return text;
}
