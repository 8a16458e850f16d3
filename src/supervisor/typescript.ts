/** Starting a worker whose entry is TypeScript, as in a checkout or under a test runner. */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * The `execArgv` that a worker with this entry needs. Newer Node lines strip types by themselves; on older ones the
 * loader of tsx is registered, from a module of its own, because `--import tsx` does not reach a worker's entry there.
 */
export function execArgvFor(entry: URL): string[] | undefined {
  if (!/\.[cm]?ts$/.test(entry.pathname)) return undefined;
  if ((process.features as { typescript?: unknown }).typescript) return undefined;
  const tsx = pathToFileURL(createRequire(entry).resolve('tsx/esm/api')).href;
  const register = `import { register } from ${JSON.stringify(tsx)}; register();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
}
