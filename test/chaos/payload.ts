/**
 * Messages that show whether they are whole: every word follows from whose message it is, and which.
 *
 * `sender · sequence · round · words · pattern …`, in words of four bytes.
 */

const HEADER = 4;

export interface Stamp {
  readonly sender: number;
  readonly sequence: number;
  readonly round: number;
}

/** Least bytes of a message. */
export const STAMP_BYTES = HEADER * 4;

/** The number of messages that are in no book: they measure, or wake those who sleep when it is time to rest. */
export const UNBOOKED = -1;

/** Sizes of messages that travel in their slot, and of ones that need a pool block; and of leases, up to a run of pages. */
export const MESSAGE_SIZES = [16, 24, 48, 16, 32, 64, 200, 1024, 16, 5000];
export const LEASE_SIZES = [64, 256, 1000, 64, 4096, 20_000, 64, 70_000];

/** Fills `bytes` with the message. */
export function inscribe(bytes: Uint8Array, { sender, sequence, round }: Stamp): void {
  const words = wordsOf(bytes);
  words[0] = sender;
  words[1] = sequence;
  words[2] = round;
  words[3] = words.length;
  const pattern = patternOf(sender, sequence);
  for (let at = HEADER; at < words.length; at++) words[at] = pattern + at;
}

/** Whose message it is; undefined when it is torn. */
export function readStamp(bytes: Uint8Array): Stamp | undefined {
  const words = wordsOf(bytes);
  const [sender, sequence, round, length] = words;
  if (length !== words.length) return undefined;
  const pattern = patternOf(sender!, sequence!);
  for (let at = HEADER; at < words.length; at++) if (words[at] !== ((pattern + at) | 0)) return undefined;
  return { sender: sender!, sequence: sequence!, round: round! };
}

function patternOf(sender: number, sequence: number): number {
  return Math.imul(sequence * 64 + sender, 0x9e3779b1);
}

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
}
