/**
 * Which compilation of the kernel runs on a segment.
 *
 * `src/kernel/` ships twice: as WebAssembly, where an atomic operation is one instruction, and as what tsc makes of it,
 * where each is a call. Both do the same to the same words, so threads of one segment may differ. WebAssembly is the
 * default; `SLUICE_KERNEL=js` asks for the other. Where there is no WebAssembly on shared memory (an old runtime, a
 * content-security policy without 'wasm-unsafe-eval') the other one is taken by itself, and the reason kept.
 */

import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import type { Segment, SharedMemory } from '../memory/segment.ts';
import { compiled, reference } from './kernel.ts';
import { MODULE } from './module.ts';

export type Compilation = 'wasm' | 'js';

type Functions = typeof reference;
/**
 * Every function of the kernel. What answers true or false in TypeScript answers 1 or 0 out of WebAssembly: test it, and
 * pass it on as `!== 0` or `!` would.
 */
export type Kernel = {
  readonly [name in keyof Functions]: Functions[name] extends (...words: infer Words) => boolean
    ? (...words: Words) => boolean | number
    : Functions[name];
};

export interface Engine {
  readonly kernel: Kernel;
  readonly compilation: Compilation;
  /** How often the kernel looks at a word in some 100 ns. */
  readonly looks: number;
  /** Why it is not WebAssembly, where nobody asked for that. */
  readonly reason?: string;
}

/** What of WebAssembly is used here, without asking for the DOM's types. */
declare const WebAssembly:
  | {
      readonly Memory: new (descriptor: never) => SharedMemory;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly RuntimeError: new () => Error;
      readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
    }
  | undefined;

/** Whether compiled code was stopped for touching what is no memory. */
export function isTrap(error: unknown): boolean {
  return typeof WebAssembly !== 'undefined' && error instanceof WebAssembly.RuntimeError;
}

const LOOKS_WASM = 64;
const LOOKS_JS = 8;

/** Compiled once a thread. */
let module: object | undefined;

/** Makes the kernel for a segment, on this thread. Throws LimitError when SLUICE_KERNEL asks for what there is not. */
export function engineFor({ memory }: Segment): Engine {
  const wanted = (globalThis as { process?: NodeJS.Process }).process?.env.SLUICE_KERNEL || undefined;
  if (wanted === 'js') return { kernel: reference, compilation: 'js', looks: LOOKS_JS };
  if (wanted !== undefined && wanted !== 'wasm') {
    throw new LimitError(`SLUICE_KERNEL: expected js or wasm, met ${describe(wanted)}`);
  }
  try {
    return { kernel: compiled(instantiate(memory)), compilation: 'wasm', looks: LOOKS_WASM };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : describe(cause);
    if (wanted)
      throw new LimitError(`SLUICE_KERNEL=wasm: expected WebAssembly on shared memory, met ${reason}`, { cause });
    return { kernel: reference, compilation: 'js', looks: LOOKS_JS, reason };
  }
}

function instantiate(memory: SharedMemory): Record<string, unknown> {
  if (typeof WebAssembly === 'undefined') throw new Error('a runtime without WebAssembly');
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('a segment that is no memory of WebAssembly');
  module ??= new WebAssembly.Module(Uint8Array.from(atob(MODULE), (character) => character.charCodeAt(0)));
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
