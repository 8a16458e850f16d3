/** The worker threads of the suite, compiled or not, as the suite itself is. */

/** URL of the worker module called `name`. */
export function entryOf(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./workers/${name}${extension}`, import.meta.url);
}
