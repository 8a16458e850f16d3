// The one door to shared words: what an atomic, and the call around it, costs with nobody else there.

import { add, cas, load, notify, peek, poke, store } from '../../dist/src/memory/words.js';

export function doorCases({ pool }) {
  const word = pool.leaseSync(64).bytes.byteOffset / Int32Array.BYTES_PER_ELEMENT;
  let sum = 0;
  return {
    peek: () => (sum = (sum + peek(word)) | 0),
    poke: () => poke(word, (sum = (sum + 1) | 0)),
    load: () => (sum = (sum + load(word)) | 0),
    store: () => store(word, (sum = (sum + 1) | 0)),
    cas: () => cas(word, sum, sum),
    add: () => add(word, 1),
    // Nobody waits.
    notify: () => notify(word),
  };
}
