// Peers in other languages: one small program each, compiled on demand into `build/` beside this file.

import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../harness.ts';
import { measuredBy, run } from '../programs.ts';

interface Native {
  /** The name under which results are reported. */
  readonly peer: string;
  readonly source: string;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const here = fileURLToPath(new URL('.', import.meta.url));

const cppPeer: Native = {
  peer: 'cpp',
  source: 'cpp/peer.cpp',
  compiler: 'g++',
  flags: ['-O3', '-pthread', '-std=c++17'],
};
const rustPeer: Native = {
  peer: 'rust',
  source: 'rust/peer.rs',
  compiler: 'rustc',
  flags: ['-O', '--edition', '2021'],
};
const rustMpmcPeer: Native = {
  ...rustPeer,
  source: 'rust/mpmc.rs',
  env: { ...process.env, RUSTC_BOOTSTRAP: '1' },
};
const rustVectorsPeer: Native = { ...rustPeer, source: 'rust/vectors.rs' };
const goPeer: Native = { peer: 'go', source: 'go/peer.go', compiler: 'go', flags: ['build'] };
const goSlicesPeer: Native = { ...goPeer, source: 'go/slices.go' };
const goSelectPeer: Native = { ...goPeer, source: 'go/select.go' };
const goPendingPeer: Native = { ...goPeer, source: 'go/pending.go' };
const goLocksPeer: Native = { ...goPeer, source: 'go/locks.go' };

/** The C++ peer, run with these arguments. */
export const cpp = (...args: (string | number)[]): Peer => native(cppPeer, args);
/** The Rust peer, run with these arguments. */
export const rust = (...args: (string | number)[]): Peer => native(rustPeer, args);
/** The Rust peer of several receivers, run with these arguments. */
export const rustMpmc = (...args: (string | number)[]): Peer => native(rustMpmcPeer, args);
/** The Rust peer that sends vectors, run with these arguments. */
export const rustVectors = (...args: (string | number)[]): Peer => native(rustVectorsPeer, args);
/** The Go peer, run with these arguments. */
export const go = (...args: (string | number)[]): Peer => native(goPeer, args);
/** The Go peer that sends slices, run with these arguments. */
export const goSlices = (...args: (string | number)[]): Peer => native(goSlicesPeer, args);
/** The Go peer that selects, run with these arguments. */
export const goSelect = (...args: (string | number)[]): Peer => native(goSelectPeer, args);
/** The Go peer whose goroutines are blocked, run with these arguments. */
export const goPending = (...args: (string | number)[]): Peer => native(goPendingPeer, args);
/** The Go peer that locks, run with these arguments. */
export const goLocks = (...args: (string | number)[]): Peer => native(goLocksPeer, args);

function native(program: Native, args: (string | number)[]): Peer {
  const binary = `${here}build/${program.source.replaceAll(/[/.]/g, '-')}`;
  return { name: program.peer, prepare: () => compile(program, binary), measure: measuredBy(binary, ...args) };
}

/** Compiles a peer unless its binary is newer than its source. Throws when the compiler is missing or refuses. */
function compile({ source, compiler, flags, env }: Native, binary: string): void {
  const built = statSync(binary, { throwIfNoEntry: false });
  if (built && built.mtimeMs > statSync(here + source).mtimeMs) return;
  mkdirSync(`${here}build`, { recursive: true });
  run(compiler, [...flags, '-o', binary, here + source], env ? { env } : {});
}
