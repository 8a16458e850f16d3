// What waiting costs: the processor time that a process takes while nothing happens in it.

export const WORKERS = 4;
/** How long threads are left alone beforehand, to finish starting and to fall asleep. */
export const SETTLE_SECONDS = 1;

/** Takes the processor time of all threads while `wait` is pending. */
export async function idleFor(wait) {
  const before = process.cpuUsage();
  await wait();
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000 };
}
