/** What is to be seen while `sluice gzip` runs. */

import { basename } from 'node:path';
import type { WriteStream } from 'node:tty';
import type { ChannelSnapshot, Level, ThreadSnapshot } from '../../index.ts';
import { bar, Frame, gauge, type Paint, painter, type Style, spread } from '../terminal.ts';
import { formatBlockSize, formatBytes, formatCount, formatDuration, formatShare } from '../units.ts';
import type { Plan } from './compress.ts';
import type { Running } from './pipeline.ts';

/** Shows a job from when it runs until `end`. */
export interface View {
  show(running: Running, plan: Plan): void;
  end(): void;
}

const FRAME_INTERVAL = 100;
const LINE_INTERVAL = 1000;
const FRAME_COLUMNS = 76;
const LABEL_COLUMNS = 9;
const COUNT_COLUMNS = 9;
const MARK_COLUMNS = 24;
const PATH_COLUMNS = 32;
const MARGIN = '  ';
/** What a supervisor calls the thread it lives on. */
const MAIN_THREAD = 'main';
const LEVEL_STYLES: Record<Level, Style> = { green: 'green', yellow: 'yellow', red: 'red' };

/** A picture on a terminal; a line now and then elsewhere, unless the result is for a machine. */
export function viewFor(stream: WriteStream, json: boolean, environment = process.env): View {
  if (stream.isTTY && environment.TERM !== 'dumb') return new LiveView(stream, painter(stream, environment));
  return json ? new NoView() : new LineView(stream);
}

class NoView implements View {
  show(): void {}
  end(): void {}
}

class LineView implements View {
  readonly #stream: NodeJS.WritableStream;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  show(running: Running, plan: Plan): void {
    const speed = new Speed();
    this.#line(`${titleOf(plan)}, ${settingsOf(plan).join(', ')}`);
    this.#timer = setInterval(() => this.#line(progressOf(running, plan, speed).join(', ')), LINE_INTERVAL);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #line(text: string): void {
    this.#stream.write(`sluice gzip: ${text}\n`);
  }
}

class LiveView implements View {
  readonly #stream: WriteStream;
  readonly #paint: Paint;
  #frame: Frame | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
  }

  show(running: Running, plan: Plan): void {
    const frame = new Frame(this.#stream);
    const speed = new Speed();
    const draw = () => frame.draw(this.#lines(running, plan, speed, frame.columns));
    this.#frame = frame;
    this.#timer = setInterval(draw, FRAME_INTERVAL);
    draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#frame?.clear();
    this.#frame = undefined;
  }

  #lines(running: Running, plan: Plan, speed: Speed, columns: number): string[] {
    const paint = this.#paint;
    const width = Math.min(FRAME_COLUMNS, columns - 1 - MARGIN.length);
    const { channels, threads } = running.supervisor.snapshot();
    const [blocks, members] = channels;
    const [how, ...rest] = progressOf(running, plan, speed);
    const share = shareOf(running, plan);
    const track = share === undefined ? [] : [`${bar(share, width - how!.length - 1, paint)} ${paint('bold', how!)}`];
    const figures = share === undefined ? [how!, ...rest] : rest;
    const lines = [
      spread(paint('bold', titleOf(plan)), paint('dim', settingsOf(plan).join(' · ')), width),
      '',
      ...track,
      spread(paint('dim', figures.join(' · ')), paint('dim', packedTo(running)), width),
      '',
      this.#channelRow(blocks!, width),
      this.#threadRow(threads, plan.threads, width),
      this.#channelRow(members!, width),
    ];
    return lines.map((line) => line && MARGIN + line);
  }

  #channelRow({ name, length, capacity, level, receiveRate }: ChannelSnapshot, width: number): string {
    const style = LEVEL_STYLES[level];
    const marks = gauge(length, capacity, MARK_COLUMNS, style, this.#paint);
    return this.#row(style, name, `${length} of ${capacity}`, marks, `${Math.round(receiveRate)} /s`, width);
  }

  #threadRow(all: readonly ThreadSnapshot[], places: number, width: number): string {
    const busy = all.filter(({ name, state }) => name !== MAIN_THREAD && state === 'running').length;
    const style = busy < places ? 'yellow' : 'green';
    const marks = gauge(busy, places, MARK_COLUMNS, style, this.#paint);
    return this.#row(style, 'threads', `${busy} of ${places}`, marks, 'at work', width);
  }

  #row(style: Style, label: string, count: string, marks: string, note: string, width: number): string {
    const paint = this.#paint;
    const left = `${paint(style, '●')} ${label.padEnd(LABEL_COLUMNS)}${count.padStart(COUNT_COLUMNS)}  ${marks}`;
    return spread(left, paint('dim', note), width);
  }
}

/** Bytes a second, over the last few seconds. */
class Speed {
  static readonly #WINDOW_MS = 3000;
  readonly #samples = [{ at: performance.now(), bytes: 0 }];

  at(bytes: number): number {
    const now = performance.now();
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > Speed.#WINDOW_MS) this.#samples.shift();
    const { at, bytes: before } = this.#samples[0]!;
    return now > at ? ((bytes - before) / (now - at)) * 1000 : 0;
  }
}

function titleOf({ input, output }: Plan): string {
  return `${nameOf(input, 'standard input')} → ${nameOf(output, 'standard output')}`;
}

function nameOf(path: string, stream: string): string {
  if (path === '-') return stream;
  return path.length > PATH_COLUMNS || path === process.execPath ? basename(path) : path;
}

function settingsOf({ threads, level, blockSize }: Plan): string[] {
  return [formatCount(threads, 'thread'), `level ${level}`, `blocks of ${formatBlockSize(blockSize)}`];
}

function shareOf({ progress }: Running, { size }: Plan): number | undefined {
  return size === undefined ? undefined : Math.min(1, progress.doneBytes / size);
}

function packedTo({ progress, output }: Running): string {
  return progress.doneBytes === 0 ? '' : `packed to ${formatShare(output.byteLength / progress.doneBytes)}`;
}

/** How far it is: the share, if it is known, and then how much, how fast and how long it will take. */
function progressOf(running: Running, plan: Plan, speed: Speed): string[] {
  const { doneBytes } = running.progress;
  const bytesPerSecond = speed.at(doneBytes);
  const rate = `${formatBytes(bytesPerSecond)}/s`;
  const share = shareOf(running, plan);
  if (share === undefined) return [formatBytes(doneBytes), rate];
  const size = plan.size!;
  const left = bytesPerSecond > 0 ? [`${formatDuration((size - doneBytes) / bytesPerSecond)} left`] : [];
  return [
    `${Math.floor(share * 100)} %`.padStart(5),
    `${formatBytes(doneBytes)} of ${formatBytes(size)}`,
    rate,
    ...left,
  ];
}
