/** A worker that does things with primitives of `sluice/sync` on order, for `test/sync/`. It imports `sluice` alone. */

import { parentPort } from 'node:worker_threads';
import { attach, type Shared } from '../../src/index.ts';
import { type SyncProgramName, syncPrograms } from '../sync/programs.ts';

export interface SyncOrder {
  readonly id: number;
  readonly program: SyncProgramName;
  readonly ports: Shared<any>;
  readonly data: any;
}

export type SyncReport =
  | { readonly id: number; readonly said: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { name: string; code: unknown; message: string } };

const port = parentPort!;
let running = 0;
let dismissed = false;

function ended(): void {
  if (dismissed && running === 0) port.close();
}

port.on('message', async (order: SyncOrder | 'dismissed') => {
  if (order === 'dismissed') {
    dismissed = true;
    ended();
    return;
  }
  running++;
  const { id, program, ports, data } = order;
  const say = (said: unknown) => port.postMessage({ id, said } satisfies SyncReport);
  try {
    const result = await syncPrograms[program](attach(ports) as never, data as never, say);
    port.postMessage({ id, result } satisfies SyncReport);
  } catch (error) {
    const { name, code, message } = error as Error & { code?: unknown };
    port.postMessage({ id, error: { name, code, message } } satisfies SyncReport);
  }
  running--;
  ended();
});
