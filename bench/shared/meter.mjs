// What a stretch of work takes: wall time, and processor time of all this process's threads together.

/** Starts measuring; the answer, called at the end with the number of messages, gives both by message. */
export function startMeter() {
  const cpuBefore = process.cpuUsage();
  const start = process.hrtime.bigint();
  return (messages) => {
    const nanoseconds = Number(process.hrtime.bigint() - start);
    const { user, system } = process.cpuUsage(cpuBefore);
    return { nsPerMessage: nanoseconds / messages, cpuSecondsPerMillion: (user + system) / messages };
  };
}

/** The same for round trips, each of which is two messages. */
export function roundTrip(stopMeter, count) {
  const { nsPerMessage, cpuSecondsPerMillion } = stopMeter(2 * count);
  return { usRoundTrip: (2 * nsPerMessage) / 1000, cpuSecondsPerMillion };
}
