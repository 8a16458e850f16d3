/**
 * A case: a few programs that meet at some channels, or locks and the like, written once, and what must come of it.
 *
 * It is played in up to three settings, over every topology that its programs keep the promise of, and every capacity it
 * names. Programs run in other threads by their names, so they know nothing but what they are given.
 */

import type { BufferPool, Channel, Codec, Supervisor, Topology } from '../../src/index.ts';
import type { Form } from './form.ts';

/** Where the programs of a case run, and in which form. */
export const SETTINGS = ['async', 'threads', 'mixed'] as const;
/**
 * `async`: all on one thread, awaiting. `threads`: each on a thread of its own, blocking. `mixed`: the first one on the
 * main thread, awaiting, the others on threads of their own, blocking.
 */
export type Setting = (typeof SETTINGS)[number];

export type Rule = `R${number}`;

export const ANY_CAPACITY = [0, 1, 2, 4, 100] as const;
export const BUFFERED = [1, 2, 4, 100] as const;

/** A channel of a case. */
export interface ChannelSpec {
  /** The programs that send to it and receive from it; with both it is open to every topology that allows them. */
  readonly senders?: readonly string[];
  readonly receivers?: readonly string[];
  /** Default: each of the case's capacities in turn. */
  readonly capacity?: number;
  /** Default u32. */
  readonly codec?: Codec<any>;
  /** Not one, but so many. */
  readonly many?: number | ((setting: Setting) => number);
}

export type Ports<C> = {
  readonly [K in keyof C]: C[K] extends { readonly many: unknown } ? readonly Channel<any>[] : Channel<any>;
};

/** What a program knows of the play it is in. */
export interface Instance {
  readonly setting: Setting;
  readonly topology: Topology;
  readonly capacity: number;
  readonly seed: number;
}

export interface Part extends Instance {
  /** Which of those that run this program it is. */
  readonly index: number;
  /** How many run this program. */
  readonly count: number;
  /** Memory that all programs of the play share beside the channels, zero at first. */
  readonly words: Int32Array;
}

export type Program<P = any> = (form: Form, ports: P, part: Part) => unknown;

export interface CaseSpec<C extends Record<string, ChannelSpec>, N extends string, S = object, P = Ports<C> & S> {
  /** Whose program it was before it was written anew. */
  readonly from: string;
  readonly rules: readonly Rule[];
  readonly channels: C;
  /** Locks, scopes and the like, made anew for each play: its programs get them beside the channels. */
  readonly primitives?: ((supervisor: Supervisor, setting: Setting) => S) | undefined;
  /** For the channels without a capacity of their own. Default: any. */
  readonly capacities?: readonly number[];
  readonly topologies?: readonly Topology[];
  /** In the order of this object; the first one stays on the main thread in `mixed`. */
  readonly programs: Record<N, Program<P>>;
  /** How many run a program, if not one; with the setting, as threads are dear and functions are not. */
  readonly cast?: Partial<Record<NoInfer<N>, number | ((setting: Setting) => number)>>;
  /** What a program gets in the place of all channels: ends to be counted, say. */
  readonly ports?: ((channels: Ports<C>, program: NoInfer<N>, index: number, pool: BufferPool) => unknown) | undefined;
  /** Settings it is not for, each with the reason. */
  readonly not?: Partial<Record<Setting, string>>;
  /** What must have come of it: what the programs answered, by their names. Throws if it has not. */
  readonly check?: (answers: Record<NoInfer<N>, any[]>, instance: Instance, ports: Ports<C> & NoInfer<S>) => void;
}

export interface Case extends CaseSpec<any, string, any, any> {
  readonly title: string;
}

/** Declares a case. The title says what it shows. */
export function conform<const C extends Record<string, ChannelSpec>, N extends string, S extends object>(
  title: string,
  spec: CaseSpec<C, N, S> & { readonly ports?: undefined },
): Case;
/** With ports of their own its programs get whatever `ports` answers for them. */
export function conform<const C extends Record<string, ChannelSpec>, N extends string>(
  title: string,
  spec: CaseSpec<C, N, object, any>,
): Case;
export function conform(title: string, spec: CaseSpec<any, string, any, any>): Case {
  return { ...spec, title };
}

/** A channel between these programs, in every topology that allows them. */
export const between = <const S extends readonly string[], const R extends readonly string[]>(
  senders: S,
  receivers: R,
) => ({ senders, receivers });

export const castOf = ({ cast, programs }: Case, setting: Setting): readonly (readonly [string, number])[] =>
  Object.keys(programs).map((name) => {
    const count = cast?.[name] ?? 1;
    return [name, typeof count === 'number' ? count : count(setting)] as const;
  });

const MANY_SEND: readonly Topology[] = ['mpmc', 'mpsc'];
const MANY_RECEIVE: readonly Topology[] = ['mpmc', 'spmc'];
const TOPOLOGIES: readonly Topology[] = ['mpmc', 'mpsc', 'spmc', 'spsc'];

export interface Refusal {
  readonly what: string;
  readonly reason: string;
}

/** Every way a case is played in a setting, and what does not apply, with the reason. */
export function instancesOf(which: Case, setting: Setting, seed: number): [instances: Instance[], refusals: Refusal[]] {
  const alone = castOf(which, 'mixed').reduce((sum, [, count]) => sum + count, 0) === 1;
  const reason =
    which.not?.[setting] ?? (setting === 'mixed' && alone ? 'a single program has nobody to mix with' : undefined);
  if (reason !== undefined) return [[], [{ what: setting, reason }]];
  const specs = Object.entries(which.channels as Record<string, ChannelSpec>);
  const refusals: Refusal[] = [];
  const topologies = !specs.some(([, spec]) => spec.senders)
    ? (['mpmc'] as const)
    : (which.topologies ?? TOPOLOGIES).filter((topology) => {
        const broken = specs.map((spec) => promiseBroken(which, setting, spec, topology)).find((met) => met);
        if (broken) refusals.push({ what: `${setting}, ${topology}`, reason: broken });
        return !broken;
      });
  const fixed = specs.every(([, { capacity }]) => capacity !== undefined);
  const capacities = fixed ? [specs[0]?.[1].capacity ?? 1] : (which.capacities ?? ANY_CAPACITY);
  const instances = topologies.flatMap((topology) =>
    capacities.map((capacity): Instance => ({ setting, topology, capacity, seed })),
  );
  return [instances, refusals];
}

function promiseBroken(
  which: Case,
  setting: Setting,
  [name, { senders, receivers }]: [string, ChannelSpec],
  topology: Topology,
): string | undefined {
  // All the programs of one thread are one sender, and one receiver.
  if (!senders || !receivers || setting === 'async') return undefined;
  const counts = new Map(castOf(which, setting));
  const threads = (names: readonly string[]) => names.reduce((sum, program) => sum + counts.get(program)!, 0);
  if (threads(senders) > 1 && !MANY_SEND.includes(topology)) return `${threads(senders)} threads send to "${name}"`;
  if (threads(receivers) > 1 && !MANY_RECEIVE.includes(topology)) {
    return `${threads(receivers)} threads receive from "${name}"`;
  }
  return undefined;
}
