/** What the suite says: progress on stderr, and in the end one line of JSON for machines, or a verdict for people. */

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

export function verdict(report: { readonly violations: readonly string[] }, json: boolean): void {
  const { violations } = report;
  for (const violation of violations) say(`VIOLATION ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
  if (json) console.log(JSON.stringify(report));
  else console.log(violations.length === 0 ? 'All is well.' : `${violations.length} violations.`);
}
