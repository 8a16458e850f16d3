/** One compression from start to end: opens both sides, runs the pipeline, and makes sure of what came of it. */

import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { ChannelSnapshot } from '../../index.ts';
import type { GzipArgs } from './args.ts';
import { openOutput, type ReadBack } from './output.ts';
import { type Running, runPipeline } from './pipeline.ts';
import { openSource, type Source } from './source.ts';

/** What is going to be done. */
export interface Plan {
  /** Paths, or `-` for standard input and output. */
  readonly input: string;
  readonly output: string;
  /** Bytes of the input, if that is known beforehand. */
  readonly size: number | undefined;
  readonly threads: number;
  readonly level: number;
  readonly blockSize: number;
}

/** What was done. */
export interface Report {
  readonly input: string;
  readonly output: string;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Output bytes for each input byte; null for an empty input. */
  readonly ratio: number | null;
  readonly seconds: number;
  readonly threads: number;
  readonly level: number;
  readonly blockSize: number;
  /** Whether all of it was verified: each member, and the file as a whole. */
  readonly verified: boolean;
  readonly verification: {
    /** Each member was inflated and compared with its block; otherwise there would be no report. */
    readonly members: 'agreed';
    /** The output was read back and compared with what was written; not possible for pipes and devices. */
    readonly output: ReadBack;
  };
  readonly channels: readonly ChannelSnapshot[];
}

export interface Hooks {
  /** Aborting it ends the job with its reason, and without an output. */
  readonly signal: AbortSignal;
  readonly onRunning?: (running: Running, plan: Plan) => void;
}

export type Request = Pick<GzipArgs, 'file' | 'output' | 'threads' | 'level' | 'blockSize'>;

/** Compresses. Throws CommandError, or the reason of the signal; the output is complete, or as it was before. */
export async function compress(request: Request, { signal, onRunning }: Hooks): Promise<Report> {
  const startedAt = performance.now();
  const source = await openSource(request.file ?? process.execPath);
  try {
    signal.throwIfAborted();
    const plan = planOf(request, source);
    const output = await openOutput(plan.output, source.stats);
    try {
      const { threads, level, blockSize } = plan;
      const { progress, channels } = await runPipeline({
        source,
        output,
        threads,
        level,
        blockSize,
        signal,
        onRunning: (running) => onRunning?.(running, plan),
      });
      const outputBytes = output.byteLength;
      const readBack = await output.complete(signal);
      return {
        input: plan.input,
        output: plan.output,
        inputBytes: progress.readBytes,
        outputBytes,
        ratio: progress.readBytes === 0 ? null : outputBytes / progress.readBytes,
        seconds: (performance.now() - startedAt) / 1000,
        threads,
        level,
        blockSize,
        verified: readBack === 'agreed',
        verification: { members: 'agreed', output: readBack },
        channels,
      };
    } finally {
      await output.discard();
    }
  } finally {
    source.close();
  }
}

function planOf({ file, output, threads, level, blockSize }: Request, { size }: Source): Plan {
  return {
    input: file ?? process.execPath,
    output: output ?? outputFor(file),
    size,
    threads: threads ?? threadsFor(size, blockSize),
    level,
    blockSize,
  };
}

function outputFor(file: string | undefined): string {
  if (file === '-') return '-';
  return file === undefined ? `${basename(process.execPath)}.gz` : `${file}.gz`;
}

/** As many as the machine runs at once, but none that would find no block to compress. */
function threadsFor(size: number | undefined, blockSize: number): number {
  const blocks = size === undefined ? Number.POSITIVE_INFINITY : Math.ceil(size / blockSize);
  return Math.max(1, Math.min(availableParallelism(), blocks));
}
