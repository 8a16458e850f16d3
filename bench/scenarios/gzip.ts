import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Measure, Scenario } from '../harness.ts';
import { sideBySide } from '../plots.ts';
import { run, script } from '../programs.ts';

/** About 99 MB of machine code and text that every machine with the benchmarks has: the running Node binary. */
const INPUT = process.execPath;
const THREADS = '2';

/** A whole command, given the file it must write. One that can only write to its standard output is given that. */
type Command = (out: string) => { readonly argv: readonly [string, ...string[]]; readonly toStdout?: boolean };

const sluice: Command = (out) => ({
  argv: [process.execPath, script('../dist/src/cli/main.js'), 'gzip', INPUT, '-j', THREADS, '-o', out, '--json'],
});
const piscina: Command = (out) => ({ argv: [process.execPath, script('peers/piscina/gzip.mjs'), INPUT, out] });
const pigz: Command = () => ({ argv: ['pigz', '-p', THREADS, '-c', INPUT], toStdout: true });
const gzipAlone: Command = () => ({ argv: ['gzip', '-c', INPUT], toStdout: true });

/** Takes the wall time of the whole process; checks, the first time, that what it wrote unpacks to the input. */
function timed(command: Command): Measure {
  let checked = false;
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    const out = join(folder, 'out.gz');
    try {
      const seconds = wallSeconds(command, out);
      if (!checked) check(out);
      checked = true;
      return { seconds, outputBytes: statSync(out).size };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

function wallSeconds(command: Command, out: string): number {
  const { argv, toStdout } = command(out);
  const [name, ...args] = argv;
  const stdout = toStdout ? openSync(out, 'w') : undefined;
  try {
    const start = process.hrtime.bigint();
    run(name, args, stdout === undefined ? {} : { stdout });
    return Number(process.hrtime.bigint() - start) / 1e9;
  } finally {
    if (stdout !== undefined) closeSync(stdout);
  }
}

function check(out: string): void {
  if (!gunzipSync(readFileSync(out)).equals(readFileSync(INPUT))) throw new Error('what it wrote is not the input');
}

export const gzip: Scenario = {
  name: 'gzip',
  description: `the whole command "sluice gzip" with ${THREADS} threads on the running Node binary, about 99 MB`,
  notes: [
    'The wall time of each process from start to exit; what each one wrote is unpacked and compared with the input.',
    'Ours also checks, within that time, the file it wrote; the peers do not.',
    'piscina compresses the same blocks with the same compressor as ours, in a pool of as many threads, blocks and ' +
      'members moved by transfer list. pigz (as many threads) and gzip (one) use zlib. All at level 6.',
  ],
  mainFigure: 'seconds',
  rows: [
    {
      ours: timed(sluice),
      peers: [
        { name: 'piscina', measure: timed(piscina) },
        { name: 'pigz', measure: timed(pigz) },
        { name: 'gzip', measure: timed(gzipAlone) },
      ],
    },
  ],
  plots: [sideBySide({ title: 'The whole command', figure: 'seconds', unit: 'seconds' })],
};
