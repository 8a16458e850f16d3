/** Where the bytes come from: a file, read straight into the memory it is to lie in, or a stream. */

import { close, constants, fstat, open, read, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { CommandError, systemFailure } from '../errors.ts';

export interface Source {
  readonly name: string;
  /** Bytes to expect, if that is known. */
  readonly size: number | undefined;
  /** What the operating system says of it. */
  readonly stats: Stats;
  /** Fills `into` from its start and answers how many bytes that made; fewer than it holds only at the end. */
  fill(into: Uint8Array): Promise<number>;
  /** Lets go of it. A read that is going on comes to nothing. */
  close(): void;
}

const STDIN = 0;
const openFile = promisify(open);
const readFrom = promisify(read);
const statOf = promisify(fstat);

/** Opens a path, or standard input for `-`. Throws CommandError. */
export function openSource(path: string): Promise<Source> {
  return path === '-' ? openStdin() : openPath(path);
}

async function openStdin(): Promise<Source> {
  const name = 'standard input';
  const stats = await statOf(STDIN).catch((error) => {
    throw systemFailure(name, 'something to read', error);
  });
  refuseDirectory(name, stats);
  return stats.isFile() ? new FileSource(name, stats, STDIN) : new StreamSource(name, stats, process.stdin);
}

async function openPath(path: string): Promise<Source> {
  let fd: number | undefined;
  try {
    // Opening a pipe would otherwise wait for somebody to write into it, and nothing could call that off.
    fd = await openFile(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await statOf(fd);
    refuseDirectory(path, stats);
    if (!stats.isFIFO()) return new FileSource(path, stats, fd);
    return new StreamSource(path, stats, new Socket({ fd, readable: true, writable: false }));
  } catch (error) {
    if (fd !== undefined) closeQuietly(fd);
    throw systemFailure(path, 'a file to read', error);
  }
}

function refuseDirectory(name: string, stats: Stats): void {
  if (stats.isDirectory()) throw new CommandError(`${name}: expected a file to read, met a directory`);
}

/** Closing what was only read from can lose nothing. */
function closeQuietly(fd: number): void {
  close(fd, () => {});
}

class FileSource implements Source {
  readonly name: string;
  readonly stats: Stats;
  readonly size: number | undefined;
  readonly #fd: number;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(name: string, stats: Stats, fd: number) {
    this.name = name;
    this.stats = stats;
    // Files that the system makes up as they are read say 0.
    this.size = stats.isFile() && stats.size > 0 ? stats.size : undefined;
    this.#fd = fd;
  }

  fill(into: Uint8Array): Promise<number> {
    const filling = this.#fill(into);
    this.#reading = filling.catch(() => {});
    return filling;
  }

  close(): void {
    // Not under a read, which could then find another file behind the number.
    if (this.#fd !== STDIN) this.#reading.then(() => closeQuietly(this.#fd));
  }

  async #fill(into: Uint8Array): Promise<number> {
    try {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await readFrom(this.#fd, into, filled, into.length - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    } catch (error) {
      throw systemFailure(this.name, 'to read on', error);
    }
  }
}

class StreamSource implements Source {
  readonly name: string;
  readonly stats: Stats;
  readonly size = undefined;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(name: string, stats: Stats, stream: Readable) {
    this.name = name;
    this.stats = stats;
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async fill(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#rest.length === 0 && !(await this.#next())) break;
      const some = this.#rest.subarray(0, into.length - filled);
      into.set(some, filled);
      filled += some.length;
      this.#rest = this.#rest.subarray(some.length);
    }
    return filled;
  }

  close(): void {
    this.#stream.destroy();
  }

  async #next(): Promise<boolean> {
    try {
      const next = await this.#chunks.next();
      if (!next.done) this.#rest = next.value;
      return !next.done;
    } catch (error) {
      throw systemFailure(this.name, 'to read on', error);
    }
  }
}
