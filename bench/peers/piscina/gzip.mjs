// The Piscina peer of `sluice gzip`: FILE goes block by block to a pool of threads, and the members come back to be
// written in order. Block size, compressor and level are those of `sluice gzip`; blocks and members move by transfer
// list, both ways.
//
//   node gzip.mjs FILE OUT

import { open } from 'node:fs/promises';
import { Piscina } from 'piscina';

const BLOCK_BYTES = 1 << 20;
const LEVEL = 6;
const THREADS = 2;
// Enough that no thread waits for the next block while an earlier one is being written.
const MOST_IN_FLIGHT = 4 * THREADS;

const [file, out] = process.argv.slice(2);
const pool = new Piscina({
  filename: new URL('./compress.mjs', import.meta.url).href,
  minThreads: THREADS,
  maxThreads: THREADS,
});
const input = await open(file);
const output = await open(out, 'w');
const inFlight = [];

async function writeOldest() {
  const member = await inFlight.shift();
  await output.writeFile(member);
}

for (;;) {
  const block = new Uint8Array(BLOCK_BYTES);
  const { bytesRead } = await input.read(block, 0, BLOCK_BYTES);
  if (bytesRead === 0) break;
  if (inFlight.length === MOST_IN_FLIGHT) await writeOldest();
  const task = { block: block.subarray(0, bytesRead), level: LEVEL };
  inFlight.push(pool.run(task, { transferList: [block.buffer] }));
}
while (inFlight.length > 0) await writeOldest();
await Promise.all([input.close(), output.close(), pool.close()]);
