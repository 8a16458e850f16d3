import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { measure, type Result, type Scenario } from '../../bench/harness.ts';
import { alongFigures, alongRows, perSecond, sideBySide } from '../../bench/plots.ts';
import { render } from '../../bench/report/document.ts';
import type { Saved } from '../../bench/report/saved.ts';
import { cells } from '../../bench/table.ts';

const always = (nsPerMessage: number) => () => ({ nsPerMessage });

const scenario: Scenario = {
  name: 'pretend',
  description: 'nothing at all',
  notes: ['A note.'],
  mainFigure: 'nsPerMessage',
  rows: [
    {
      name: '2+2',
      main: true,
      ours: always(10),
      variants: [{ name: 'js', measure: always(40) }],
      peers: [{ name: 'go', measure: always(20) }],
    },
    { name: '1+3', ours: always(30), peers: [{ name: 'go', measure: always(15) }] },
  ],
  plots: [
    sideBySide({ name: 'dots', title: 'Dots', unit: 'ns', figure: 'nsPerMessage', rows: ['2+2', '1+3'] }),
    alongRows({
      name: 'rows',
      title: 'Rows',
      unit: 'messages a second',
      figure: 'nsPerMessage',
      rows: ['2+2', '1+3'],
      along: 'threads',
      convert: perSecond,
    }),
    alongFigures({
      name: 'figures',
      title: 'Figures',
      unit: 'ns',
      figures: { all: 'nsPerMessage' },
      row: '2+2',
      along: 'percentile',
    }),
  ],
};

function savedFrom(result: Result): Saved {
  const circumstances = {
    at: '2026-01-02T03:04:05Z',
    loadAverage: [0.5, 0.25, 0],
    command: 'npm run bench -- pretend',
  };
  return { pretend: { ...circumstances, environment: { Node: 'v0' }, result } };
}

describe('a measurement', () => {
  const result = measure(scenario, { runs: 3 });

  test('marks figures and ratios with their row, and those of the main row without one too', () => {
    expect(Object.keys(result.ours)).toEqual([
      'nsPerMessage',
      'nsPerMessage@js',
      'nsPerMessage@2+2',
      'nsPerMessage@2+2-js',
      'nsPerMessage@1+3',
    ]);
    expect(result.ratios).toEqual({ go: 2, 'go@2+2': 2, 'go@1+3': 0.5 });
  });

  test('tells, in a table, of the main row once', () => {
    expect(cells(scenario, result).map(([figure, name]) => `${figure} ${name}`)).toEqual([
      'nsPerMessage@2+2 sluice',
      'nsPerMessage@2+2 go',
      'nsPerMessage@2+2-js sluice',
      'nsPerMessage@1+3 sluice',
      'nsPerMessage@1+3 go',
    ]);
  });

  test('passes on for how long to run, or else what the scenario says', () => {
    const told: (number | undefined)[] = [];
    const timed: Scenario = {
      ...scenario,
      seconds: 7,
      rows: [{ ours: (seconds) => ({ nsPerMessage: told.push(seconds) }), peers: [] }],
    };
    measure(timed, { runs: 1 });
    measure(timed, { runs: 1, seconds: 2 });
    expect(told).toEqual([7, 2]);
  });
});

describe('the report', () => {
  const saved = savedFrom(measure(scenario, { runs: 1 }));
  const { text, pictures } = render([scenario], saved);

  test('names machine, command and load, and shows each picture that it draws', () => {
    expect(text).toContain('- Node: v0');
    expect(text).toContain('npm run bench -- pretend');
    expect(text).toContain('load average at the start 0.5, 0.25, 0');
    for (const name of pictures.keys()) expect(text).toContain(`](benchmarks/${name})`);
    expect([...pictures.keys()]).toEqual(['pretend-dots.svg', 'pretend-rows.svg', 'pretend-figures.svg']);
  });

  test('draws every contestant and variant, for light and dark pages, the same each time', () => {
    const dots = pictures.get('pretend-dots.svg')!;
    for (const label of ['2+2: sluice', '2+2: sluice, js', '2+2: go', '1+3: sluice', '1+3: go'])
      expect(dots).toContain(`>${label}<`);
    for (const svg of pictures.values()) expect(svg).toContain('prefers-color-scheme:dark');
    expect(render([scenario], saved).pictures).toEqual(pictures);
  });

  test('says which scenarios have no result, and refuses to tell of none', () => {
    expect(render([scenario, { ...scenario, name: 'later' }], saved).text).toContain('Not measured yet: `later`.');
    expect(() => render([scenario], {})).toThrow('no saved results');
  });
});

describe('the command line', () => {
  const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

  test.each([
    [['nothing'], 'unknown scenario nothing'],
    [['small', 'batch'], 'at most one scenario'],
    [['small', '--runs', '0'], '--runs: expected a number from 1'],
    [['small', '--seconds', '3'], '--seconds: expected a scenario that runs for a time'],
    [['crowd', '--seconds', 'x'], '--seconds: expected a number above 0'],
    [['--report', '--json'], '--report: expected nothing beside it'],
    [['--bogus'], "Unknown option '--bogus'"],
  ])('refuses %j with one line and exit code 2', async (args, complaint) => {
    const failure = promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...args]);
    const { code, stdout, stderr } = await failure.then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toContain(complaint);
  });
});
