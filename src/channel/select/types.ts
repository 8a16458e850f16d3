/** What select is given and what it answers, as types: a union told apart by `key`. */

declare const outcome: unique symbol;
declare const sent: unique symbol;
declare const due: unique symbol;

/** What stands for the outcome of a send: there is nothing to tell. */
export interface Sent {
  readonly [sent]: never;
}

/** What stands for the outcome of a timer. */
export interface Due {
  readonly [due]: never;
}

/**
 * One of the things a select may do: `receiver.onReceive()` is a case that receives a `T`, `sender.onSend(value)` one
 * that sends, and `after`, `at`, `tick` and `never` are cases of time.
 */
export interface SelectCase<T = Sent> {
  readonly [outcome]: T;
}

/** A receive that was chosen: what `receive` would have answered, and its key. */
export type ReceivedHit<K, T> =
  | { readonly key: K; readonly done: false; readonly value: T }
  | { readonly key: K; readonly done: true; readonly value: undefined };

/** A send that was chosen: the message was accepted. */
export interface SentHit<K> {
  readonly key: K;
}

/** A timer that was chosen. `at` is when it was due, in milliseconds since 1970. */
export interface DueHit<K> {
  readonly key: K;
  readonly at: number;
}

type Hit<K, T> = 0 extends 1 & T
  ? ReceivedHit<K, T>
  : [T] extends [never]
    ? never
    : [T] extends [Sent]
      ? SentHit<K>
      : [T] extends [Due]
        ? DueHit<K>
        : ReceivedHit<K, T>;

type HitOf<K, C> = C extends SelectCase<infer T> ? Hit<K, T> : never;

/** Cases by their keys. One that is `undefined` or `null` (of a channel that is not there) is never ready. */
export type SelectCases<C> = { readonly [K in keyof C]: SelectCase<any> | undefined | null };

/** What a select of these cases answers. A key that is a number in the object is a text in the answer. */
export type Selected<C> =
  | { [K in keyof C & string]-?: HitOf<K, NonNullable<C[K]>> }[keyof C & string]
  | { [K in keyof C & number]-?: HitOf<`${K}`, NonNullable<C[K]>> }[keyof C & number];
