// A Piscina task: one block in, one gzip member out, both moved rather than copied.

import { gzip } from 'libdeflate';
import { move } from 'piscina';

export default function compress({ block, level }) {
  return move(gzip(block, level));
}
