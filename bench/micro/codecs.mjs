// Codecs: one value written into a slot and read back, without a channel around it.

import { wireOf } from '../../dist/src/codec/wire.js';
import { bytes, f64, i64, json, struct, structured, u32, utf8 } from '../../dist/src/index.js';

const SLOT_BYTES = 1024;

function write(wire, value, at) {
  if (!wire.staged) return wire.put(wire.prepare(value), at);
  const staged = wire.stage(value);
  if (!staged.reserve()) throw new Error('expected memory for the value, met a pool in full use');
  staged.put(at);
  staged.done();
}

export function codecCases({ pool }) {
  const at = pool.leaseSync(SLOT_BYTES).bytes.byteOffset;
  let last;
  const writeAndRead = (codec, value) => {
    const wire = wireOf(codec, { pool, customs: new Map() });
    if (wire.slotBytes > SLOT_BYTES) throw new Error(`expected a slot of at most ${SLOT_BYTES} bytes`);
    return () => {
      write(wire, value, at);
      last = wire.read(at);
      return last;
    };
  };
  const record = { id: 7, at: 1.5, hash: new Uint8Array(32) };
  const document = { id: 7, name: 'seven', tags: ['odd', 'prime'] };
  return {
    u32: writeAndRead(u32, 7),
    f64: writeAndRead(f64, 1.5),
    i64: writeAndRead(i64, 7n),
    struct: writeAndRead(struct({ id: u32, at: f64, hash: bytes.fixed(32) }), record),
    'bytes-32': writeAndRead(bytes(), new Uint8Array(32)),
    'bytes-4096': writeAndRead(bytes(), new Uint8Array(4096)),
    'utf8-32': writeAndRead(utf8(), 'x'.repeat(32)),
    json: writeAndRead(json(), document),
    structured: writeAndRead(structured(), document),
  };
}
