/** Plays a case in one setting: makes what its programs share, casts its programs, and watches that they come to an end. */

import type { Channel, Shared, Supervisor } from '../../src/index.ts';
import { attach, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { type Case, type ChannelSpec, castOf, type Instance, type Part, type Ports } from './case.ts';
import { AWAITED } from './form.ts';

/**
 * After this long a play hangs. Everything that its programs share is closed then, so that the threads are free again. It is counted in
 * short steps, so that the time in which a machine had stopped the whole process does not count.
 */
const HANGS_MS = 15_000;
const STEP_MS = 100;
/** The limit of a test that plays: only for what the guard itself does not see. */
export const PLAY_LIMIT_MS = 8 * HANGS_MS;
const WORDS = 4096;

interface Role {
  readonly name: string;
  /** On this thread, awaiting. */
  readonly here: boolean;
  /** Its ports. It attaches on this thread as well, so that its ends are its own. */
  readonly shared: Shared<any>;
  readonly part: Part;
}

export class Stage implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #hangsMs: number;
  readonly #crews: Crew[] = [];
  #channels = 0;

  /** @param hangsMs after how long a play is taken to hang. */
  constructor(supervisor: Supervisor, hangsMs = HANGS_MS) {
    this.#supervisor = supervisor;
    this.#hangsMs = hangsMs;
  }

  /** Answers when all programs are through and what they answered was checked; throws what went wrong. */
  async play(which: Case, instance: Instance): Promise<void> {
    const primitives = which.primitives?.(this.#supervisor, instance.setting) ?? {};
    const ports = { ...this.#channelsFor(which, instance), ...primitives };
    const answers: Record<string, any[]> = {};
    const words = new Int32Array(new SharedArrayBuffer(4 * WORDS));
    const roles: Role[] = [];
    for (const [turn, [name, count]] of castOf(which, instance.setting).entries()) {
      const here = instance.setting === 'async' || (instance.setting === 'mixed' && turn === 0);
      answers[name] = new Array(count);
      for (let index = 0; index < count; index++) {
        const given = which.ports?.(ports, name, index, this.#supervisor.pool) ?? ports;
        const shared = this.#supervisor.share(given);
        roles.push({ name, here, shared, part: { ...instance, index, count, words } });
      }
    }
    // Only when all have their ends is any of them let go: the last end there is closes a channel.
    const late = new Set<string>();
    let member = 0;
    const running = roles.map(async ({ name, here, shared, part }) => {
      const label = part.count > 1 ? `${name} ${part.index}` : name;
      late.add(label);
      try {
        answers[name]![part.index] = here
          ? await which.programs[name]!(AWAITED, attach(shared) as never, part)
          : await this.#order(member++, `${which.title} # ${name}`, shared, part);
      } catch (error) {
        throw new Error(`${label}: ${(error as Error).message}`, { cause: error });
      }
      late.delete(label);
    });
    await this.#guarded(Promise.all(running), ports, late);
    which.check?.(answers, instance, ports);
  }

  #order(member: number, program: string, shared: Shared<any>, part: Part): Promise<unknown> {
    while (member >= this.#crews.length) {
      this.#crews.push(new Crew(this.#supervisor, 1, workerEntry('conformance/worker.ts')));
    }
    return this.#crews[member]!.order(0, program, shared, part);
  }

  async #guarded(running: Promise<unknown>, ports: Ports<any>, late: Set<string>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const hanging = new Promise<never>((_, reject) => {
      let steps = 0;
      timer = setInterval(() => {
        if (++steps < this.#hangsMs / STEP_MS) return;
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
      for (const shared of flat(ports)) end(shared);
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

/** What a channel, a primitive and a scope have of each other. */
interface Closeable {
  readonly name?: string;
  close?(error?: Error): void;
  cancel?(error?: Error): void;
}

const flat = (ports: Ports<any>) => Object.values(ports).flat() as Closeable[];

function end(shared: Closeable): void {
  const error = new Error('the play is over');
  if (shared.close) shared.close(error);
  else shared.cancel?.(error);
}
