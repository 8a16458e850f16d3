/** A history as a time-line, for a reader. */

import type { Answer, Call, Operation } from './call.ts';

/**
 * A line for each call, in the order in which they began; the bars show which of them overlap.
 *
 * ```
 * thread 0  sendSync 1       accepted  ├─┤
 * thread 1  tryReceive       empty       ├──┤
 * thread 0  close            done         ├──┤
 * ```
 */
export function diagramOf(history: readonly Operation[]): string {
  const inOrder = history.toSorted((a, b) => a.invoked - b.invoked);
  const instants = history.flatMap(({ invoked, returned }) => [invoked, returned]).sort((a, b) => a - b);
  const column = new Map(instants.map((instant, index) => [instant, index]));
  const rows = inOrder.map((operation) => [
    `thread ${operation.thread}`,
    describeCall(operation.call),
    describeAnswer(operation.answer),
    bar(column.get(operation.invoked)!, column.get(operation.returned)!),
  ]);
  const widths = [0, 1, 2].map((cell) => Math.max(...rows.map((row) => row[cell]!.length)));
  return rows.map((row) => row.map((text, cell) => text.padEnd(widths[cell] ?? 0)).join('  ')).join('\n');
}

function bar(from: number, to: number): string {
  return `${' '.repeat(from)}├${'─'.repeat(to - from - 1)}┤`;
}

function describeCall(call: Call): string {
  switch (call.kind) {
    case 'send':
      return `${nameOf('send', call.way, call.values.length)} ${call.values.join(' ')}${patience(call.timeout)}`;
    case 'receive':
      return `${nameOf('receive', call.way, call.max)}${call.max > 1 ? ` ${call.max}` : ''}${patience(call.timeout)}`;
    case 'close':
      return call.withError ? 'close with an error' : 'close';
    case 'retire':
      return 'sender.close';
    case 'cancel':
      return 'receiver.cancel';
    case 'length':
      return 'length';
    case 'take':
      return `${nameOf('take', call.way, 1)} ${call.count}${patience(call.timeout)}`;
    case 'give':
      return 'give';
  }
}

function nameOf(verb: string, way: 'try' | 'sync' | 'async', messages: number): string {
  if (way === 'try') return `try${verb[0]!.toUpperCase()}${verb.slice(1)}`;
  return `${verb}${messages > 1 ? 'Many' : ''}${way === 'sync' ? 'Sync' : ''}`;
}

function patience(timeout: number | undefined): string {
  return timeout === undefined ? '' : ` within ${timeout} ms`;
}

function describeAnswer(answer: Answer): string {
  if (typeof answer === 'string') return answer;
  if ('values' in answer) return answer.values.join(' ');
  return String('gave' in answer ? answer.gave : answer.length);
}
