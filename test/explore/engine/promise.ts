/** Promises of a virtual thread: their reactions are microtasks of its event loop. */

import type { Steps, VirtualThread } from './thread.ts';

type Executor = (resolve: (value?: unknown) => void, reject: (error: unknown) => void) => unknown;
type Reaction = ((value: any) => unknown) | undefined;

export interface Promises {
  new (): unknown;
  /** `new Promise(executor)`; steps, if the executor makes any. */
  start(executor: Executor): unknown;
}

/** The class that stands for `Promise`; `running` says which thread reacts, `isSteps` what is to be run step by step. */
export function promisesOf(running: () => VirtualThread, isSteps: (value: unknown) => value is Steps): Promises {
  return class VirtualPromise {
    #state: 'pending' | 'fulfilled' | 'rejected' = 'pending';
    #value: unknown;
    readonly #reactions: (() => void)[] = [];

    static start(executor: Executor): unknown {
      const promise = new VirtualPromise();
      const run = executor(
        (value) => promise.#settle('fulfilled', value),
        (error) => promise.#settle('rejected', error),
      );
      return isSteps(run) ? after(run, promise) : promise;
    }

    static resolve(value?: unknown): VirtualPromise {
      const promise = new VirtualPromise();
      promise.#settle('fulfilled', value);
      return promise;
    }

    static reject(error: unknown): VirtualPromise {
      const promise = new VirtualPromise();
      promise.#settle('rejected', error);
      return promise;
    }

    // biome-ignore lint/suspicious/noThenProperty: it stands for a promise.
    then(fulfilled: Reaction, rejected?: Reaction): VirtualPromise {
      const next = new VirtualPromise();
      const thread = running();
      const react = () => {
        const reaction = this.#state === 'fulfilled' ? fulfilled : rejected;
        if (reaction) thread.microtasks.push(() => next.#follow(reaction, this.#value));
        else next.#settle(this.#state as 'fulfilled' | 'rejected', this.#value);
      };
      if (this.#state === 'pending') this.#reactions.push(react);
      else react();
      return next;
    }

    *#follow(reaction: (value: unknown) => unknown, value: unknown): Generator<unknown, void, unknown> {
      try {
        const answer = reaction(value);
        this.#settle('fulfilled', isSteps(answer) ? yield* answer : answer);
      } catch (error) {
        this.#settle('rejected', error);
      }
    }

    #settle(state: 'fulfilled' | 'rejected', value: unknown): void {
      if (this.#state !== 'pending') return;
      this.#state = state;
      this.#value = value;
      for (const react of this.#reactions) react();
    }
  };
}

function* after(steps: Steps, promise: unknown): Generator<unknown, unknown, unknown> {
  yield* steps;
  return promise;
}
