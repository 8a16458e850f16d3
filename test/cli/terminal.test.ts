import { describe, expect, test } from 'vitest';
import { bar, clip, Frame, gauge, painter, spread } from '../../src/cli/terminal.ts';
import { formatBlockSize, formatBytes, formatDuration } from '../../src/cli/units.ts';

const terminal = { isTTY: true };
const plain = painter(terminal, { NO_COLOR: '1' });
const colours = painter(terminal, {});

describe('what is drawn', () => {
  test('is painted on a terminal, unless NO_COLOR is set or it is a dumb one', () => {
    expect(colours('red', 'x')).toBe('\x1b[31mx\x1b[0m');
    expect(plain('red', 'x')).toBe('x');
    expect(painter(terminal, { TERM: 'dumb' })('red', 'x')).toBe('x');
    expect(painter({}, {})('red', 'x')).toBe('x');
  });

  test.each([
    [0, '────'],
    [0.5, '━━──'],
    [0.6, '━━╸─'],
    [1, '━━━━'],
    [2, '━━━━'],
  ])('a bar at %d: %s', (share, expected) => {
    expect(bar(share, 4, plain)).toBe(expected);
  });

  test.each([
    [0, 4, '····'],
    [3, 4, '■■■·'],
    [1, 100, '■·······'],
    [100, 100, '■■■■■■■■'],
  ])('a gauge with %d of %d: %s', (filled, places, expected) => {
    expect(gauge(filled, places, 8, 'green', plain)).toBe(expected);
  });

  test('lines are cut and set by what is seen of them', () => {
    expect(clip(`${colours('red', 'abc')}def`, 4)).toBe('\x1b[31mabc\x1b[0md');
    expect(spread(colours('red', 'ab'), 'cd', 8)).toBe(`${colours('red', 'ab')}    cd`);
    expect(spread('abcd', 'efgh', 8)).toBe('abcd');
  });

  test('a frame replaces the one before, is no wider than the terminal, and leaves it as it was', () => {
    let written = '';
    const stream = { columns: 10, write: (text: string) => (written += text) };
    const frame = new Frame(stream as never);
    frame.draw(['first line', 'second']);
    frame.draw(['third']);
    frame.clear();
    expect(written).toBe(
      '\x1b[?25lfirst lin\x1b[K\nsecond\x1b[K\n\x1b[J' + '\x1b[2A\rthird\x1b[K\n\x1b[J' + '\x1b[1A\r\x1b[J\x1b[?25h',
    );
  });
});

describe('quantities', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [98_932_688, '98.9 MB'],
    [999_700, '1.0 MB'],
    [412_000_000, '412 MB'],
    [5e15, '5000 TB'],
  ])('%d bytes: %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test.each([
    [2 ** 20, '1 MiB'],
    [768 * 1024, '768 KiB'],
    [1500, '1500 B'],
  ])('a block of %d: %s', (bytes, expected) => {
    expect(formatBlockSize(bytes)).toBe(expected);
  });

  test.each([
    [0.2, '0 s'],
    [59.4, '59 s'],
    [65, '1:05'],
    [7207, '2:00:07'],
  ])('%d seconds: %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });
});
