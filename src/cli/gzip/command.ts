/** `sluice gzip`: from the command line to the exit code. */

import { ENDING_SIGNALS, InterruptedError, systemFailure } from '../errors.ts';
import { painter } from '../terminal.ts';
import { GZIP_HELP, parseGzipArgs } from './args.ts';
import { compress } from './compress.ts';
import { reportAsJson, reportAsText } from './report.ts';
import { viewFor } from './view.ts';

/** Throws CommandError. */
export async function gzipCommand(argv: readonly string[]): Promise<void> {
  const args = parseGzipArgs(argv);
  if (args.help) return print(process.stdout, GZIP_HELP);

  const interruption = new AbortController();
  const listeners = ENDING_SIGNALS.map((name) => {
    const onSignal = () => interruption.abort(new InterruptedError(name));
    process.on(name, onSignal);
    return () => process.off(name, onSignal);
  });
  const view = viewFor(process.stderr, args.json);
  try {
    const report = await compress(args, {
      signal: interruption.signal,
      onRunning: (running, plan) => view.show(running, plan),
    }).finally(() => view.end());
    const stream = report.output === '-' ? process.stderr : process.stdout;
    await print(stream, args.json ? reportAsJson(report) : reportAsText(report, painter(stream, process.env)));
  } finally {
    for (const stopListening of listeners) stopListening();
  }
}

function print(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The failure is told to both; one that nobody listens to would end the process.
    stream.once('error', () => {});
    stream.write(text, (error) => {
      if (error) reject(systemFailure('the result', 'to write it', error));
      else resolve();
    });
  });
}
