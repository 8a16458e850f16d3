/** What is said of a compression that was done. */

import type { Paint } from '../terminal.ts';
import { formatBlockSize, formatBytes, formatCount, formatShare } from '../units.ts';
import type { Report } from './compress.ts';

const LABEL_COLUMNS = 10;

export function reportAsJson(report: Report): string {
  return `${JSON.stringify(report)}\n`;
}

export function reportAsText(report: Report, paint: Paint): string {
  const { input, output, inputBytes, outputBytes, ratio, seconds, threads, level, blockSize } = report;
  const share = ratio === null ? '' : ` (${formatShare(ratio)})`;
  const rows = {
    input: `${nameOf(input, 'standard input')}, ${formatBytes(inputBytes)}`,
    output: `${nameOf(output, 'standard output')}, ${formatBytes(outputBytes)}${share}`,
    time: `${seconds.toFixed(2)} s, ${formatBytes(inputBytes / seconds)}/s`,
    with: `${formatCount(threads, 'thread')}, level ${level}, blocks of ${formatBlockSize(blockSize)}`,
    verified: verdictOf(report, paint),
  };
  return Object.entries(rows)
    .map(([label, value]) => `${paint('dim', label.padEnd(LABEL_COLUMNS))}${value}\n`)
    .join('');
}

function nameOf(path: string, stream: string): string {
  return path === '-' ? stream : path;
}

function verdictOf({ verified }: Report, paint: Paint): string {
  return verified
    ? `${paint('green', 'yes')}: every block inflated again and compared, the file read back and compared`
    : `${paint('yellow', 'in part')}: every block inflated again and compared; this output cannot be read back`;
}
