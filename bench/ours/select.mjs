// Ours, choosing: one thread that selects among CHANNELS channels, blocking, what it sent there itself.
//
//   node select.mjs CHANNELS all COUNT    every channel has messages: the time of a select
//   node select.mjs CHANNELS one COUNT    one channel after the other gets a message: the time of the send and the select
//
// Its cases are an object that is kept; with --anew after that, they are written down in each select. nsReceive is the
// same with a plain receive from one channel.

import { channel, f64, selectSync } from '../../dist/src/index.js';

const CAPACITY = 256;

/** The select that users write, with a case for each channel. It is code of its own, as it would be in a program. */
function selecting(count, anew) {
  const each = Array.from({ length: count }, (_, i) => `c${i}: channels[${i}].onReceive()`).join(', ');
  const kept = `let of, cases; return (channels) => {
    if (of !== channels) { of = channels; cases = { ${each} }; }
    return selectSync(cases);
  };`;
  return new Function('selectSync', anew ? `return (channels) => selectSync({ ${each} });` : kept)(selectSync);
}

const receiving = ([first]) => first.receiveSync();

/** Fills all channels, and empties them to a half. */
function allReady(channels, take, count) {
  const stretch = (channels.length * CAPACITY) / 2;
  let nanoseconds = 0;
  let done = 0;
  for (; done < count; done += stretch) {
    for (const channel of channels) while (channel.trySend(done));
    const start = process.hrtime.bigint();
    for (let i = 0; i < stretch; i++) take(channels);
    nanoseconds += Number(process.hrtime.bigint() - start);
  }
  return nanoseconds / done;
}

function oneReady(channels, take, count) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    channels[i % channels.length].sendSync(i);
    const { value } = take(channels);
    if (value !== i) throw new Error(`expected ${i}, received ${value}`);
  }
  return Number(process.hrtime.bigint() - start) / count;
}

const [, , length, ready, count, form] = process.argv;
const measure = ready === 'all' ? allReady : oneReady;

function timed(channelCount, take) {
  const channels = Array.from({ length: channelCount }, () => channel({ codec: f64, capacity: CAPACITY }));
  // Half as much beforehand, as in stream.mjs.
  measure(channels, take, Math.ceil(count / 2));
  return measure(channels, take, Number(count));
}

const nsPerMessage = timed(Number(length), selecting(Number(length), form === '--anew'));
console.log(JSON.stringify({ nsPerMessage, nsReceive: timed(1, receiving) }));
