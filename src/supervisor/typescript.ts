/** Starting a worker whose entry is TypeScript, as in a checkout or under a test runner. */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * The `execArgv` that a worker thread with this entry has to be started with; undefined for one that is not TypeScript,
 * or where Node can run it as it is. `spawn` and `createPool` see to it by themselves; a `new Worker` of your own needs
 * it. Newer Node lines strip types by themselves; on older ones the
 * loader of tsx is registered, from a module of its own, because `--import tsx` does not reach a worker's entry there.
 */
export function execArgvFor(entry: URL): string[] | undefined {
  if (!/\.[cm]?ts$/.test(entry.pathname)) return undefined;
  if ((process.features as { typescript?: unknown }).typescript) return undefined;
  const register = `(await import(${JSON.stringify(registerModule(entry))})).register();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
}

/** URL of tsx's API, as an ES module: `require.resolve` would answer the CommonJS one, which cannot run from there. */
function registerModule(entry: URL): string {
  const require = createRequire(entry);
  const manifest = require.resolve('tsx/package.json');
  const target: string = require(manifest).exports['./esm/api'].import.default;
  return new URL(target, pathToFileURL(manifest)).href;
}
