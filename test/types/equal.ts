/** Whether two types are one and the same, `any` and `never` told apart from everything else. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the type is `true`. */
export function holds<_T extends true>(): void {}
