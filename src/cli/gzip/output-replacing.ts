/**
 * A regular file as the output.
 *
 * It is written beside its place under another name and put there once it is complete and was read back. So at no time
 * is there a part of it under the name that was asked for, and whatever had that name stays until then.
 */

import { randomBytes } from 'node:crypto';
import { rmSync, type Stats } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CommandError, systemFailure } from '../errors.ts';
import type { Output, ReadBack } from './output.ts';

const READ_BACK_BYTES = 2 ** 20;

/** How many bytes, and which. */
class Tally {
  byteLength = 0;
  crc = 0;

  add(bytes: Uint8Array): void {
    this.byteLength += bytes.length;
    this.crc = crc32(bytes, this.crc);
  }

  toString(): string {
    return `${this.byteLength} bytes with CRC-32 ${this.crc.toString(16).padStart(8, '0')}`;
  }
}

export class ReplacingOutput implements Output {
  readonly name: string;
  readonly #place: string;
  readonly #partial: string;
  readonly #handle: FileHandle;
  readonly #written = new Tally();
  readonly #removePartial: () => void;
  #ended = false;

  static async open(name: string, place: string, input: Stats): Promise<Output> {
    const partial = join(dirname(place), `.sluice-${randomBytes(8).toString('hex')}.partial`);
    // Nobody gets to read the output who could not read the input.
    const mode = input.isFile() ? input.mode & 0o777 : 0o666;
    try {
      return new ReplacingOutput(name, place, partial, await open(partial, 'wx+', mode));
    } catch (error) {
      throw systemFailure(name, 'a place to write to', error);
    }
  }

  private constructor(name: string, place: string, partial: string, handle: FileHandle) {
    this.name = name;
    this.#place = place;
    this.#partial = partial;
    this.#handle = handle;
    // However the process comes to its end, short of being killed.
    this.#removePartial = () => rmSync(partial, { force: true });
    process.once('exit', this.#removePartial);
  }

  get byteLength(): number {
    return this.#written.byteLength;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#handle, bytes);
    } catch (error) {
      throw systemFailure(this.name, 'to write on', error);
    }
    this.#written.add(bytes);
  }

  async complete(signal: AbortSignal): Promise<ReadBack> {
    try {
      await this.#compare(signal);
      await this.#handle.close();
      await rename(this.#partial, this.#place);
    } catch (error) {
      signal.throwIfAborted();
      throw systemFailure(this.name, 'to put the complete file into its place', error);
    }
    this.#end();
    return 'agreed';
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    // Waits for a write that is going on. It may have been closed before, if it was the renaming that failed.
    await this.#handle.close().catch(() => {});
    await rm(this.#partial, { force: true });
  }

  #end(): void {
    this.#ended = true;
    process.off('exit', this.#removePartial);
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const found = new Tally();
    const chunk = new Uint8Array(READ_BACK_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#handle.read(chunk, 0, chunk.length, found.byteLength);
      if (bytesRead === 0) break;
      found.add(chunk.subarray(0, bytesRead));
    }
    const { byteLength, crc } = this.#written;
    if (found.byteLength === byteLength && found.crc === crc) return;
    throw new CommandError(`${this.name}: expected to read back the ${this.#written} that were written, met ${found}`);
  }
}

/** Writes all of `bytes`, however many writes that takes. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
}
