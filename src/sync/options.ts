/** What all primitives are asked alike. */

import type { Attachment } from '../channel/attachment.ts';
import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { defaultAttachment } from '../supervisor/default.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

export interface SyncOptions {
  /** What it is called in snapshots and messages: at most 128 bytes of UTF-8. */
  readonly name?: string | undefined;
  /**
   * Whose segment it is made in. Default: the one that this thread is attached to; on the main thread, if there is none
   * yet, that of a default supervisor.
   */
  readonly supervisor?: Supervisor | undefined;
}

export function attachmentFor(options: SyncOptions | undefined): Attachment {
  return options?.supervisor ? options.supervisor.attachment : defaultAttachment();
}

export function checkName(name: unknown): string | undefined {
  if (name === undefined || typeof name === 'string') return name;
  throw new LimitError(`name: expected a string, met ${describe(name)}`);
}

export function checkCount(what: string, count: unknown, most: number): number {
  if (Number.isInteger(count) && (count as number) >= 1 && (count as number) <= most) return count as number;
  throw new LimitError(`${what}: expected an integer from 1 to ${most}, met ${describe(count)}`);
}
