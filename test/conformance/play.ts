/** Plays a case in one setting: makes its channels, casts its programs, and watches that they come to an end. */

import type { Channel, Supervisor } from '../../src/index.ts';
import { attach, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { type Case, type ChannelSpec, castOf, type Instance, type Part, type Ports } from './case.ts';
import { AWAITED } from './form.ts';

/**
 * After this long a play hangs. Every channel of it is closed then, so that the threads are free again. It is counted in
 * short steps, so that the time in which a machine had stopped the whole process does not count.
 */
const HANGS_MS = 15_000;
const STEP_MS = 100;
/** The limit of a test that plays: only for what the guard itself does not see. */
export const PLAY_LIMIT_MS = 8 * HANGS_MS;
const WORDS = 4096;

export class Stage implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #crews: Crew[] = [];
  #members = 0;
  #channels = 0;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  /** Answers when all programs are through and what they answered was checked; throws what went wrong. */
  async play(which: Case, instance: Instance): Promise<void> {
    const ports = this.#channelsFor(which, instance);
    const answers: Record<string, any[]> = {};
    const running: Promise<unknown>[] = [];
    const late = new Set<string>();
    const words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
    let member = 0;
    for (const [turn, [name, count]] of castOf(which, instance.setting).entries()) {
      const here = instance.setting === 'async' || (instance.setting === 'mixed' && turn === 0);
      answers[name] = new Array(count);
      for (let index = 0; index < count; index++) {
        const part: Part = { ...instance, index, count, words };
        const given = which.ports?.(ports, name, index) ?? ports;
        const label = count > 1 ? `${name} ${index}` : name;
        late.add(label);
        const answer = here
          ? this.#playHere(which, name, given, part)
          : this.#order(member++, which, name, given, part);
        const noted = answer.then(
          (value) => {
            late.delete(label);
            answers[name]![index] = value;
          },
          (error) => {
            throw new Error(`${label}: ${error.message}`, { cause: error });
          },
        );
        running.push(noted);
      }
    }
    await this.#guarded(Promise.all(running), ports, late);
    which.check?.(answers, instance, ports);
  }

  async #playHere(which: Case, name: string, given: unknown, part: Part): Promise<unknown> {
    // Through the same door as in other threads, so that each program has ends of its own.
    const own = attach(this.#supervisor.share(given));
    return which.programs[name]!(AWAITED, own as never, part);
  }

  #order(member: number, which: Case, name: string, given: unknown, part: Part): Promise<unknown> {
    while (member >= this.#members) {
      this.#crews.push(new Crew(this.#supervisor, 1, workerEntry('conformance/worker.ts')));
      this.#members++;
    }
    return this.#crews[member]!.order(0, `${which.title} # ${name}`, this.#supervisor.share(given), part);
  }

  async #guarded(running: Promise<unknown>, ports: Ports<any>, late: Set<string>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hanging = new Promise<never>((_, reject) => {
      let steps = 0;
      timer = setInterval(() => {
        if (++steps < HANGS_MS / STEP_MS) return;
        clearInterval(timer);
        const { channels, threads } = this.#supervisor.snapshot();
        const names = new Set(flat(ports).map(({ name }) => name));
        const state = JSON.stringify({ channels: channels.filter(({ name }) => names.has(name)), threads });
        reject(new Error(`hangs: ${[...late].join(', ')} did not come to an end\n${state}`));
      }, STEP_MS);
    });
    running.catch(() => {});
    try {
      await Promise.race([running, hanging]);
    } catch (error) {
      for (const channel of flat(ports)) channel.close(new Error('the play is over'));
      await Promise.race([running.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 500))]);
      throw error;
    } finally {
      clearInterval(timer);
    }
  }

  #channelsFor(which: Case, instance: Instance): Ports<any> {
    const ports: Record<string, Channel<any> | Channel<any>[]> = {};
    for (const [name, spec] of Object.entries(which.channels as Record<string, ChannelSpec>)) {
      const make = () =>
        this.#supervisor.channel<any>(`${name} ${this.#channels++}`, {
          codec: spec.codec ?? u32,
          capacity: spec.capacity ?? instance.capacity,
          topology: spec.senders ? instance.topology : 'mpmc',
        });
      const length = typeof spec.many === 'function' ? spec.many(instance.setting) : spec.many;
      ports[name] = length === undefined ? make() : Array.from({ length }, make);
    }
    return ports as Ports<any>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const crew of this.#crews) crew.dismiss();
    await this.#supervisor.close();
  }
}

const flat = (ports: Ports<any>) => Object.values(ports).flat() as Channel<any>[];
