/** Outputs that can be neither written under another name first nor read back: devices, pipes and standard output. */

import { constants, open as openWithCallback } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { systemFailure } from '../errors.ts';
import type { Output, ReadBack } from './output.ts';
import { writeAll } from './output-replacing.ts';

const openDescriptor = promisify(openWithCallback);

/** Opens a device, such as /dev/null. Throws CommandError. */
export async function openDevice(path: string): Promise<Output> {
  try {
    return new DeviceOutput(path, await open(path, constants.O_WRONLY));
  } catch (error) {
    throw systemFailure(path, 'a place to write to', error);
  }
}

/** Opens a named pipe, from which somebody must be reading already. Throws CommandError. */
export async function openPipe(path: string): Promise<Output> {
  try {
    // Otherwise opening would wait for a reader, and nothing could call that off.
    const fd = await openDescriptor(path, constants.O_WRONLY | constants.O_NONBLOCK);
    return new StreamOutput(path, new Socket({ fd, readable: false, writable: true }));
  } catch (error) {
    throw systemFailure(path, 'a pipe that somebody reads', error);
  }
}

class DeviceOutput implements Output {
  readonly name: string;
  readonly #handle: FileHandle;
  #byteLength = 0;

  constructor(name: string, handle: FileHandle) {
    this.name = name;
    this.#handle = handle;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#handle, bytes);
    } catch (error) {
      throw systemFailure(this.name, 'to write on', error);
    }
    this.#byteLength += bytes.length;
  }

  async complete(): Promise<ReadBack> {
    await this.#handle.close();
    return 'not possible';
  }

  discard(): Promise<void> {
    return this.#handle.close();
  }
}

export class StreamOutput implements Output {
  readonly name: string;
  readonly #stream: Writable;
  #byteLength = 0;

  constructor(name: string, stream: Writable) {
    this.name = name;
    this.#stream = stream;
    // The write that fails tells of it.
    stream.on('error', () => {});
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(systemFailure(this.name, 'to write on', error));
        else resolve();
      });
    });
    this.#byteLength += bytes.length;
  }

  async complete(): Promise<ReadBack> {
    if (this.#stream !== process.stdout) await new Promise<void>((resolve) => this.#stream.end(resolve));
    return 'not possible';
  }

  async discard(): Promise<void> {
    if (this.#stream !== process.stdout) this.#stream.destroy();
  }
}
