/** One execution of a model: which choices there are, and what each does. */

import type { Model, Play, Program } from '../model.ts';
import { choiceOf, DEATH, kindOf, SPURIOUS, STEP, TIME_OUT, threadOf } from './choice.ts';
import { type Machine, type Suspension, Violation } from './machine.ts';
import { Recorder } from './schedule.ts';
import { MAX_THREADS, VirtualThread } from './thread.ts';

const EVENTS = ['step', 'dies', 'spurious', 'time-out'] as const;

export class Execution {
  readonly machine: Machine;
  readonly threads: readonly VirtualThread[];
  /** What happened so far. */
  readonly recorder = new Recorder();
  readonly #play: Play;
  readonly #programs: readonly Program[];
  #spurious: number;
  /** The thread that made the last step; −1 at first, and after a death. */
  current = -1;

  constructor(machine: Machine, model: Model, place: unknown) {
    machine.reset();
    this.machine = machine;
    this.#spurious = model.spurious ?? 0;
    this.#play = machine.drain(model.play(place)) as Play;
    const entries = Object.entries(this.#play.threads);
    this.#programs = entries.map(([, program]) => (typeof program === 'function' ? { run: program } : program));
    this.threads = entries.map(([name], index) => {
      const { run, mortal = false, heirOf = [] } = this.#programs[index]!;
      return new VirtualThread(index, name, run, mortal, heirOf);
    });
    if (this.threads.length > MAX_THREADS) throw new Error(`${model.name}: expected at most ${MAX_THREADS} threads`);
    machine.threads = this.threads;
  }

  /** Lets the threads start that are no heirs. */
  begin(suspension: Suspension): void {
    this.machine.suspension = suspension;
    for (const thread of this.threads) if (thread.heirOf.length === 0) this.machine.start(thread);
  }

  /** All choices there are now, the one that goes on with the same thread first. */
  choices(into: number[]): number[] {
    into.length = 0;
    const { threads, machine, current } = this;
    const running = threads[current];
    if (running && machine.enabled(running)) {
      into.push(choiceOf(STEP, current));
      if (running.fatal) into.push(choiceOf(DEATH, current));
      if (!running.switchable) return into;
    }
    for (let step = 1; step <= threads.length; step++) {
      const thread = threads[(current + step) % threads.length]!;
      if (thread.index === current) continue;
      if (machine.enabled(thread)) into.push(choiceOf(STEP, thread.index));
    }
    for (const thread of threads) {
      if (thread.status === 'asleep') {
        if (thread.wakesAt !== Number.POSITIVE_INFINITY) into.push(choiceOf(TIME_OUT, thread.index));
        if (this.#spurious > 0) into.push(choiceOf(SPURIOUS, thread.index));
      }
    }
    return into;
  }

  /** How many preemptions a choice costs: leaving a thread that could go on. */
  cost(choice: number): number {
    const running = this.threads[this.current];
    if (!running || threadOf(choice) === this.current || !this.machine.enabled(running)) return 0;
    return kindOf(choice) === DEATH ? 0 : 1;
  }

  /** The fingerprint of the state behind a choice, into `into`: high, low. */
  behind(choice: number, into: Int32Array): void {
    let high = 0;
    let low = 0;
    const chosen = threadOf(choice);
    for (const thread of this.threads) {
      if (thread.index === chosen) continue;
      high = (high + thread.high) | 0;
      low = (low + thread.low) | 0;
    }
    const print = this.machine.successor(this.threads[chosen]!, EVENTS[kindOf(choice)]!);
    high = (high + print.high) | 0;
    low = (low + print.low) | 0;
    // Who is running decides what a switch costs.
    print.set(high, low).mix(chosen + 1);
    into[0] = print.high;
    into[1] = print.low;
  }

  take(choice: number): void {
    const thread = this.threads[threadOf(choice)]!;
    const kind = kindOf(choice);
    this.current = thread.index;
    if (kind === DEATH) {
      this.#bury(thread);
      return;
    }
    try {
      if (kind === STEP) this.machine.perform(thread);
      else this.machine.rouse(thread, kind === TIME_OUT);
    } finally {
      this.recorder.note(kind, thread);
    }
    if (kind === SPURIOUS) this.#spurious--;
  }

  /** Called when there is no choice left. */
  rest(): void {
    for (const thread of this.threads) {
      const asleep = !thread.over && thread.status !== 'unborn';
      if (asleep && !this.#programs[thread.index]!.maySleep) {
        throw new Violation(`${thread.name} sleeps for ever`);
      }
    }
    const fates = {
      died: (name: string) => this.threads.some((thread) => thread.name === name && thread.status === 'dead'),
    };
    this.machine.drain(this.#play.atRest?.(fates));
  }

  #bury(thread: VirtualThread): void {
    this.machine.kill(thread);
    this.recorder.note(DEATH, thread);
    this.current = -1;
    for (const heir of this.threads) {
      if (heir.status === 'unborn' && heir.heirOf.includes(thread.name)) this.machine.start(heir);
    }
  }
}
