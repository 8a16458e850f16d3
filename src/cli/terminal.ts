/** Drawing on a terminal: colours, bars, and frames that replace each other. */

import type { WriteStream } from 'node:tty';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_TO_END = '\x1b[K';
const ESCAPE = '\x1b';

/** Paints; or leaves the text as it is, if this is no terminal or colours are not wanted (https://no-color.org). */
export function painter(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  if (!stream.isTTY || environment.NO_COLOR || environment.TERM === 'dumb') return (_, text) => text;
  return (style, text) => (text === '' ? '' : `${ESCAPE}[${CODES[style]}m${text}${ESCAPE}[0m`);
}

/** A line that fills `width` columns up to `share`. */
export function bar(share: number, width: number, paint: Paint): string {
  if (width <= 0) return '';
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  const full = '━'.repeat(halves >> 1) + (halves & 1 ? '╸' : '');
  return paint('cyan', full) + paint('dim', '─'.repeat(width - full.length));
}

/** One mark for each of up to `width` places, `filled` of them taken. */
export function gauge(filled: number, places: number, width: number, style: Style, paint: Paint): string {
  const marks = Math.min(places, width);
  const taken = Math.ceil((Math.min(filled, places) / places) * marks);
  return paint(style, '■'.repeat(taken)) + paint('dim', '·'.repeat(marks - taken));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
const COLOUR = /(\x1b\[\d+m)/;

/** Columns that a line takes, not counting the colours in it. */
function columnsOf(line: string): number {
  return line.split(COLOUR).reduce((sum, part) => sum + (part.startsWith(ESCAPE) ? 0 : [...part].length), 0);
}

/** `left` and `right` at the two ends of a line of `width` columns; only `left` where there is no room for both. */
export function spread(left: string, right: string, width: number): string {
  const space = width - columnsOf(left) - columnsOf(right);
  return space < 2 ? left : `${left}${' '.repeat(space)}${right}`;
}

/** Cuts a line down to `width` columns. */
export function clip(line: string, width: number): string {
  let columns = 0;
  let clipped = '';
  for (const part of line.split(COLOUR)) {
    const kept = part.startsWith(ESCAPE) ? part : [...part].slice(0, width - columns).join('');
    clipped += kept;
    columns += columnsOf(kept);
  }
  return clipped;
}

/** A few lines at the bottom of a terminal that are drawn over and over, and then gone. */
export class Frame {
  readonly #stream: WriteStream;
  readonly #showCursor: () => void;
  #height = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    this.#showCursor = () => stream.write(SHOW_CURSOR);
    process.once('exit', this.#showCursor);
    stream.write(HIDE_CURSOR);
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  draw(lines: readonly string[]): void {
    // One column stays free: a full line may or may not wrap.
    const width = this.columns - 1;
    const text = lines.map((line) => `${clip(line, width)}${CLEAR_TO_END}\n`).join('');
    this.#stream.write(`${this.#toTop()}${text}${CLEAR_BELOW}`);
    this.#height = lines.length;
  }

  /** Takes the lines away and gives the cursor back. */
  clear(): void {
    process.off('exit', this.#showCursor);
    this.#stream.write(`${this.#toTop()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    this.#height = 0;
  }

  #toTop(): string {
    return this.#height === 0 ? '' : `${ESCAPE}[${this.#height}A\r`;
  }
}
