/** A thread that dies at each single step of what it does, without a thread: its steps are cut off with an exception. */

const STEPS = ['load', 'store', 'compareExchange', 'add', 'and', 'or'] as const;

class Death extends Error {}

/** Runs `act` so that it gets no further than before its step number `step`. Answers whether it got through. */
function cutOff(act: () => void, step: number): boolean {
  const real = Object.fromEntries(STEPS.map((name) => [name, Atomics[name]])) as Record<string, (...args: any) => any>;
  let left = step;
  const counting = Object.entries(real).map(([name, operation]) => [
    name,
    (...args: any[]) => {
      left--;
      if (left === 0) throw new Death();
      return operation(...args);
    },
  ]);
  Object.assign(Atomics, Object.fromEntries(counting));
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof Death) return false;
    throw error;
  } finally {
    Object.assign(Atomics, real);
  }
}

/** For each step of what `prepare` answers: prepares anew, dies before that step, and judges. Answers how many steps. */
export function dieAtEachStep(prepare: () => () => void, judge: (step: number) => void): number {
  for (let step = 1; ; step++) {
    if (cutOff(prepare(), step)) return step - 1;
    judge(step);
  }
}
