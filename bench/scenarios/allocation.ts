import type { Figures, Scenario } from '../harness.ts';
import { figuresOf, run, script } from '../programs.ts';

const MESSAGES = 10_000_000;
const WAYS = { u32: ['try', 'into', 'sync', 'iterate'], f64: ['try', 'into', 'sync'], struct: ['try', 'into', 'sync'] };
const CASES = Object.entries(WAYS).flatMap(([kind, ways]) => ways.map((way) => `${kind}.${way}`));
const PROGRAM = script('ours/allocation.mjs');
/** A young generation, in MiB, that a round of the program does not fill. */
const YOUNG = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

/** Bytes by which a message grows the heap, sending it and receiving it. */
function growth(name: string): Figures {
  const [kind] = name.split('.');
  const figures = figuresOf(process.execPath, ['--expose-gc', ...YOUNG, PROGRAM, name, MESSAGES, 'heap']);
  return Object.fromEntries(
    Object.entries(figures).map(([operation, bytes]) => [`bytesPerMessage@${kind}.${operation}`, bytes]),
  );
}

/**
 * The collections, and the time they stopped the thread, while so many messages were sent and received. They stand in
 * the engine's own trace between the two that the program asks for, such as
 * `[7:0x1] 42 ms: Scavenge 3.8 (5.0) -> 2.9 (5.0) MB, 0.12 / 0.00 ms (average mu = …) allocation failure;`
 */
function collections(name: string): Figures {
  const flags = ['--expose-gc', '--trace-gc'];
  const trace = run(process.execPath, [...flags, PROGRAM, name, String(MESSAGES), 'trace']).split('\n');
  const asked = trace.flatMap((line, index) => (line.includes('testing') ? [index] : []));
  if (asked.length !== 2) throw new Error(`${name}: expected two collections that were asked for, met ${asked.length}`);
  const pauses = trace.slice(asked[0]! + 1, asked[1]).flatMap((line) => {
    const pause = /-> [\d.]+ \([\d.]+\) MB, (?:pooled: [\d.]+ MB, )?([\d.]+) \//.exec(line);
    return pause ? [Number(pause[1])] : [];
  });
  return {
    [`collections@${name}`]: pauses.length,
    [`pauseMs@${name}`]: pauses.reduce((sum, ms) => sum + ms, 0),
  };
}

/** Each figure from a process of its own. */
function measure(): Figures {
  return Object.assign({}, ...CASES.map(growth), ...CASES.map(collections)) as Figures;
}

export const allocation: Scenario = {
  name: 'allocation',
  description: `what ${MESSAGES.toLocaleString('en-US')} messages leave to the garbage collector`,
  notes: [
    'One thread fills a channel and empties it, over and over, with one and the same value. struct has three fields, ' +
      'u32, f64 and u32.',
    'bytesPerMessage is by how much an operation grows the heap. What the engine need not create, as nobody keeps it, ' +
      'is not there: received values are only looked at.',
    'collections and pauseMs are those of the engine’s trace, for all messages, sending and receiving: `try` is trySend ' +
      'and tryReceive, `into` sendSync and tryReceive with a result to fill, `sync` sendSync and receiveSync, `iterate` ' +
      'sendSync and for … of.',
  ],
  mainFigure: 'bytesPerMessage',
  rows: [{ ours: measure, peers: [] }],
};
