// Channels with nobody else there: one message in, the same message out.

import { f64 } from '../../dist/src/index.js';

export function channelCases(supervisor, topology) {
  const channel = supervisor.channel(topology, { codec: f64, capacity: 1024, topology });
  let last = 0;
  return {
    try: () => {
      channel.trySend(1.5);
      last = channel.tryReceive().value;
      return last;
    },
    sync: () => {
      channel.sendSync(1.5);
      last = channel.receiveSync().value;
      return last;
    },
  };
}
