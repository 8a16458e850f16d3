/**
 * Power series as programs that hand out coefficients on demand, after McIlroy: Go's `powser1.go` and `powser2.go`, written
 * anew. A series is two channels, one that asks and one that gives. Operations on series are programs between them; there
 * are hundreds in the end, each with a select or two, and each channel is met by exactly two of them.
 */

import assert from 'node:assert/strict';
import { type Channel, channel, f64, select, struct, u32 } from '../../../src/index.ts';
import { type Case, conform } from '../case.ts';
import { upTo } from '../form.ts';

interface Rational {
  readonly num: number;
  readonly den: number;
}

const rational = struct({ num: f64, den: f64 });

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

function ratio(num: number, den = 1): Rational {
  const by = gcd(num, den) * Math.sign(den);
  // Without a zero below 0.
  return { num: num / by + 0, den: den / by };
}

const plus = (a: Rational, b: Rational) => ratio(a.num * b.den + b.num * a.den, a.den * b.den);
const times = (a: Rational, b: Rational) => ratio(a.num * b.num, a.den * b.den);
const ZERO = ratio(0);
const ONE = ratio(1);

interface Series {
  readonly ask: Channel<number>;
  readonly give: Channel<Rational>;
}

/** Makes series, and ends all of them at once. */
class Algebra {
  readonly #capacity: number;
  readonly #channels: Channel<any>[] = [];
  readonly #programs: Promise<void>[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#programs.length;
  }

  #new(): Series {
    const ask = channel({ codec: u32, capacity: this.#capacity });
    const give = channel<Rational>({ codec: rational, capacity: this.#capacity });
    this.#channels.push(ask, give);
    return { ask, give };
  }

  #run(program: () => Promise<unknown>): void {
    this.#programs.push(
      program().then(
        () => {},
        (error) => {
          if (error !== over && error.code !== 'ERR_CHANNEL_CLOSED') throw error;
        },
      ),
    );
  }

  /** A series whose coefficients a program puts out, one each time it is asked. */
  series(program: (put: (coefficient: () => Rational | Promise<Rational>) => Promise<void>) => Promise<void>): Series {
    const made = this.#new();
    this.#run(() => program((coefficient) => this.#put(made, coefficient)));
    return made;
  }

  async #put({ ask, give }: Series, coefficient: () => Rational | Promise<Rational>): Promise<void> {
    if ((await ask.receive()).done) throw over;
    await give.send(await coefficient());
  }

  async get({ ask, give }: Series): Promise<Rational> {
    await ask.send(1);
    const { done, value } = await give.receive();
    if (done) throw over;
    return value;
  }

  /** One coefficient of each, asked for at once and taken as they come. */
  async getBoth(one: Series, other: Series): Promise<[Rational, Rational]> {
    const asking: (Series | undefined)[] = [one, other];
    const giving: (Series | undefined)[] = [undefined, undefined];
    const met: Rational[] = [];
    for (const _ of upTo(4)) {
      const hit = await select({
        ask0: asking[0]?.ask.onSend(1),
        ask1: asking[1]?.ask.onSend(1),
        give0: giving[0]?.give.onReceive(),
        give1: giving[1]?.give.onReceive(),
      });
      const at = Number(hit.key.at(-1));
      if (hit.key === 'give0' || hit.key === 'give1') {
        if (hit.done) throw over;
        met[at] = hit.value;
        giving[at] = undefined;
      } else {
        giving[at] = asking[at];
        asking[at] = undefined;
      }
    }
    return [met[0]!, met[1]!];
  }

  async #copy(from: Series, put: (coefficient: () => Promise<Rational>) => Promise<void>): Promise<void> {
    for (;;) await put(() => this.get(from));
  }

  constant(c: Rational): Series {
    return this.series(async (put) => {
      for (;;) await put(() => c);
    });
  }

  add(u: Series, v: Series): Series {
    return this.series(async (put) => {
      for (;;) {
        await put(async () => {
          const [a, b] = await this.getBoth(u, v);
          return plus(a, b);
        });
      }
    });
  }

  scale(c: Rational, u: Series): Series {
    return this.series(async (put) => {
      for (;;) await put(async () => times(c, await this.get(u)));
    });
  }

  /**
   * Two series alike, that may be read at different rates. It serves one while it waits for a coefficient for the other,
   * because what it waits for may depend on that.
   */
  split(u: Series, outs: readonly [Series, Series] = [this.#new(), this.#new()]): readonly [Series, Series] {
    this.#run(async () => {
      const ahead: Rational[][] = [[], []];
      const asked = [false, false];
      let fetching = false;
      for (;;) {
        for (const at of [0, 1]) {
          if (!asked[at] || ahead[at]!.length === 0) continue;
          asked[at] = false;
          await outs[at]!.give.send(ahead[at]!.shift()!);
        }
        if (!fetching && (asked[0] || asked[1])) {
          fetching = true;
          await u.ask.send(1);
        }
        const hit = await select({
          one: asked[0] ? undefined : outs[0].ask.onReceive(),
          other: asked[1] ? undefined : outs[1].ask.onReceive(),
          next: fetching ? u.give.onReceive() : undefined,
        });
        if (hit.done) throw over;
        if (hit.key === 'one') asked[0] = true;
        else if (hit.key === 'other') asked[1] = true;
        else {
          fetching = false;
          for (const queue of ahead) queue.push(hit.value);
        }
      }
    });
    return outs;
  }

  /** (u + x U)(v + x V) = u v + x (u V + v U) + x² U V */
  multiply(u: Series, v: Series): Series {
    return this.series(async (put) => {
      let first: [Rational, Rational] | undefined;
      await put(async () => {
        first = await this.getBoth(u, v);
        return times(...first);
      });
      const [uu, vv] = [this.split(u), this.split(v)];
      const w = this.add(this.scale(first![0], vv[0]), this.scale(first![1], uu[0]));
      await put(() => this.get(w));
      await this.#copy(this.add(w, this.multiply(uu[1], vv[1])), put);
    });
  }

  differentiate(u: Series): Series {
    return this.series(async (put) => {
      await put(async () => {
        await this.get(u);
        return this.get(u);
      });
      for (let n = 2; ; n++) await put(async () => times(ratio(n), await this.get(u)));
    });
  }

  integrate(c: Rational, u: Series): Series {
    return this.series(async (put) => {
      await put(() => c);
      for (let n = 1; ; n++) await put(async () => times(ratio(1, n), await this.get(u)));
    });
  }

  /** Of one without a constant term: Z = exp U, and so Z' = Z U'. */
  exponential(u: Series): Series {
    const both = [this.#new(), this.#new()] as const;
    this.split(this.integrate(ONE, this.multiply(both[0], this.differentiate(u))), both);
    return both[1];
  }

  /** U(c x²) */
  square(u: Series, c: Rational): Series {
    return this.series(async (put) => {
      for (let power = ONE; ; power = times(power, c)) {
        await put(async () => times(power, await this.get(u)));
        await put(() => ZERO);
      }
    });
  }

  async end(): Promise<void> {
    for (const each of this.#channels) each.close();
    await Promise.all(this.#programs);
  }
}

const over = new Error('the series is over');
const TERMS = 10;
const terms = (of: (n: number) => Rational) => upTo(TERMS).map(of);

const FACTORIAL_LIKE: readonly [number, number][] = [
  [1, 1],
  [1, 1],
  [3, 2],
  [13, 6],
  [73, 24],
  [167, 40],
  [4051, 720],
  [37633, 5040],
  [43817, 4480],
  [4596553, 362880],
];

const minusOne = ratio(-1);

const IDENTITIES: Record<string, { readonly of: (a: Algebra) => Series; readonly is: readonly Rational[] }> = {
  'a constant': { of: (a) => a.constant(ONE), is: terms(() => ONE) },
  'a sum': { of: (a) => a.add(a.constant(ONE), a.constant(ratio(2))), is: terms(() => ratio(3)) },
  'a difference': {
    of: (a) => a.add(a.constant(ONE), a.scale(minusOne, a.constant(ratio(2)))),
    is: terms(() => minusOne),
  },
  'a derivative': { of: (a) => a.differentiate(a.constant(ONE)), is: terms((n) => ratio(n + 1)) },
  'an integral': { of: (a) => a.integrate(ZERO, a.constant(ONE)), is: terms((n) => (n === 0 ? ZERO : ratio(1, n))) },
  'a product': { of: (a) => a.multiply(a.constant(ONE), a.constant(ONE)), is: terms((n) => ratio(n + 1)) },
  'an arc tangent': {
    of: (a) => a.integrate(ZERO, a.square(a.constant(ONE), minusOne)),
    is: terms((n) => (n % 2 === 0 ? ZERO : ratio(n % 4 === 1 ? 1 : -1, n))),
  },
  'an exponential': {
    of: (a) => a.exponential(a.constant(ONE)),
    is: FACTORIAL_LIKE.map(([num, den]) => ratio(num, den)),
  },
};

export const powerSeries: readonly Case[] = Object.entries(IDENTITIES).map(([name, { of, is }]) =>
  conform(`power series: ${name}`, {
    from: 'Go, test/chan/powser1.go and powser2.go',
    rules: ['R1', 'R2', 'R4', 'R10', 'R14', 'R20'],
    capacities: [0, 1, 2],
    channels: { unused: {} },
    programs: {
      // It awaits in either form: its programs are too many to have a thread each.
      async alone(_form, _ports, { capacity }) {
        const algebra = new Algebra(capacity);
        const series = of(algebra);
        for (const coefficient of is) assert.deepEqual(await algebra.get(series), coefficient);
        await algebra.end();
      },
    },
  }),
);
