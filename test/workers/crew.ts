/** A worker that runs programs on order, for `test/support/crew.ts`. */

import { parentPort } from 'node:worker_threads';
import { attach, type Shared } from '../../src/index.ts';
import { type ProgramName, programs } from './programs.ts';

export interface Order<N = ProgramName> {
  readonly id: number;
  readonly program: N;
  readonly ports: Shared<any>;
  readonly data: unknown;
}

export type Report =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { name: string; code: unknown; message: string } };

const port = parentPort!;

port.on('message', async (order: Order | 'dismissed') => {
  if (order === 'dismissed') {
    port.close();
    return;
  }
  const { id, program, ports, data } = order;
  try {
    const result = await programs[program](attach(ports) as never, data as never);
    port.postMessage({ id, result } satisfies Report);
  } catch (error) {
    const { name, code, message } = error as Error & { code?: unknown };
    port.postMessage({ id, error: { name, code, message } } satisfies Report);
  }
});
