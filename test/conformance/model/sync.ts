/**
 * Locks and the like, of one thread, as plainly as they can be written. It stands in for `src/sync/index.ts` in
 * `model.test.ts`, with one flaw or none.
 */

import { Refusal, Scope, TimeoutError } from './model.ts';

/** What may be wrong with it. */
export const SYNC_FLAWS = {
  none: 'nothing',
  crowded: 'a lock lets in two at a time',
  trusting: 'what nobody holds may be unlocked',
  poisoned: 'a lock tells the next one that it was held',
  greedy: 'permits are taken when there are fewer, as long as there is one',
  generous: 'a permit that is released twice is given back twice',
  passing: 'one that wants few permits passes one that wants many',
  obstinate: 'one that was called off still stands in the way',
  grasping: 'one that was called off takes what it waited for',
  impatient: 'a deadline that is past keeps from trying',
  unlimited: 'more permits than there are may be waited for',
  repeated: 'what is done is done again',
  final: 'what threw counts as done',
  overtaking: 'what is being done counts as done',
  early: 'a group is done when one thing is left',
  negative: 'more may be done than was to be',
  hasty: 'a barrier opens for one fewer',
  boastful: 'all at a barrier are told that they were the last',
  present: 'one that was called off has been at the barrier',
  deaf: 'a cancelled scope is not heard of',
  lingering: 'those that wait do not hear of a close',
  tolerant: 'a group goes on when one of its functions has failed',
  silent: 'a group does not tell what failed',
} as const;
export type SyncFlaw = keyof typeof SYNC_FLAWS;

let flaw: SyncFlaw = 'none';

export function syncFlawed(by: SyncFlaw): void {
  flaw = by;
}

const has = (which: SyncFlaw) => flaw === which;

interface Limit {
  readonly timeout?: number;
  readonly scope?: Scope;
}

/** Answers undefined while it has to wait. */
type Attempt<T> = () => T | undefined;

interface Waiter {
  /** Whether it got what it waits for, or gave up. */
  look(): boolean;
  refuse(error: Error): void;
}

abstract class Primitive {
  readonly #waiting: Waiter[] = [];
  #closed = false;
  /** Whether those behind one that has to wait have to wait, too. */
  protected readonly inTurn: boolean = true;

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) if (!has('lingering')) waiter.refuse(new Refusal('ERR_CLOSED'));
  }

  protected get crowd(): number {
    return this.#waiting.length;
  }

  protected check(): void {
    if (this.#closed) throw new Refusal('ERR_CLOSED');
  }

  /** Lets on whoever may go on. */
  protected serve(): void {
    for (let at = 0; at < this.#waiting.length; ) {
      if (this.#waiting[at]!.look()) this.#waiting.splice(at, 1);
      else if (this.inTurn && !has('passing')) return;
      else at++;
    }
  }

  protected until<T>(attempt: Attempt<T>, { timeout, scope }: Limit = {}, leave = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.check();
      const stands = this.inTurn && this.#waiting.length > 0;
      const met = stands || (timeout === 0 && has('impatient')) ? undefined : attempt();
      if (met !== undefined) return resolve(met);
      let over = false;
      let timer: NodeJS.Timeout | undefined;
      const waiter: Waiter = {
        look() {
          if (over && !has('grasping')) return !has('obstinate');
          const found = attempt();
          if (found === undefined) return false;
          over = true;
          clearTimeout(timer);
          resolve(found);
          return true;
        },
        refuse(error) {
          if (over) return;
          over = true;
          clearTimeout(timer);
          leave();
          reject(error);
        },
      };
      const callOff = (error: Error) => {
        waiter.refuse(error);
        this.serve();
      };
      this.#waiting.push(waiter);
      if (timeout !== undefined) timer = setTimeout(() => callOff(new TimeoutError('ERR_TIMEOUT')), timeout);
      if (!has('deaf')) scope?.onEnd(() => callOff(new Refusal('ERR_CANCELLED')));
    });
  }
}

export class Semaphore extends Primitive {
  readonly #permits: number;
  protected free: number;

  constructor(permits: number) {
    super();
    this.#permits = permits;
    this.free = permits;
  }

  get available(): number {
    return this.free;
  }

  acquire(count: number, limit?: Limit) {
    if (count > this.#permits && !has('unlimited')) throw new Refusal('ERR_LIMIT');
    return this.until(() => this.take(count), limit);
  }

  tryAcquire(count: number) {
    this.check();
    return this.crowd > 0 ? undefined : this.take(count);
  }

  protected take(count: number) {
    if (this.free < (has('greedy') ? 1 : count)) return undefined;
    this.free -= count;
    let held = true;
    const release = () => {
      if (!held) return false;
      held = has('generous');
      this.free += count;
      this.serve();
      return true;
    };
    return { count, recovered: has('poisoned'), release, [Symbol.dispose]: release };
  }
}

export class Mutex extends Semaphore {
  #last: { release(): boolean } | undefined;

  constructor() {
    super(has('crowded') ? 2 : 1);
  }

  get locked(): boolean {
    return this.free === 0;
  }

  async lock(limit?: Limit) {
    const held = await this.acquire(1, limit);
    this.#last = held;
    return held;
  }

  tryLock() {
    const held = this.tryAcquire(1);
    this.#last = held ?? this.#last;
    return held;
  }

  unlock(): void {
    if (!this.#last?.release() && !has('trusting')) throw new Refusal('ERR_NOT_HELD');
  }
}

export class Once {
  readonly #mutex = new Mutex();
  done = false;

  async do(run: () => void, limit?: Limit): Promise<boolean> {
    if (has('overtaking') && this.#mutex.locked) return false;
    const held = await this.#mutex.lock(limit);
    try {
      if (this.done && !has('repeated')) return false;
      if (has('final')) this.done = true;
      if (has('overtaking')) await new Promise(setImmediate);
      run();
      this.done = true;
      return true;
    } finally {
      held.release();
    }
  }
}

export class WaitGroup extends Primitive {
  protected override readonly inTurn = false;
  left = 0;
  broken = false;

  add(count: number): void {
    if (count < 1) throw new Refusal('ERR_LIMIT');
    this.left += count;
  }

  done(): void {
    if (this.left === 0 && !has('negative')) throw new Refusal('ERR_LIMIT');
    this.left--;
    this.serve();
  }

  async wait(limit?: Limit): Promise<void> {
    await this.until(() => this.left <= (has('early') ? 1 : 0) || undefined, limit);
  }
}

export class Barrier extends Primitive {
  protected override readonly inTurn = false;
  readonly #parties: number;
  #generation = 0;
  arrived = 0;

  constructor(parties: number) {
    super();
    this.#parties = has('hasty') ? parties - 1 : parties;
  }

  wait(limit?: Limit): Promise<boolean> {
    const generation = this.#generation;
    this.arrived++;
    if (this.arrived === this.#parties) {
      this.arrived = 0;
      this.#generation++;
      this.serve();
      return Promise.resolve(true);
    }
    const leave = () => {
      if (!has('present')) this.arrived--;
    };
    return this.until(() => (this.#generation === generation ? undefined : has('boastful')), limit, leave);
  }
}

export class ErrGroup {
  readonly scope = new Scope();
  readonly #group = new WaitGroup();
  #error: unknown;

  get left(): number {
    return this.#group.left;
  }

  go(run: (scope: Scope) => unknown): void {
    this.#group.add(1);
    const running = (async () => run(this.scope))();
    const failed = (error: unknown) => {
      this.#error ??= error;
      if (!has('tolerant')) this.scope.cancel();
    };
    running.catch(failed).then(() => this.#group.done());
  }

  async wait(limit?: Limit): Promise<void> {
    await this.#group.wait(limit);
    if (this.#error !== undefined && !has('silent')) throw this.#error;
  }
}
