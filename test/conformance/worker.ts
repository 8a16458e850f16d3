/** A worker that runs programs of cases on order, in the form that blocks. */

import { parentPort } from 'node:worker_threads';
import { attach } from '../../src/index.ts';
import type { Order, Report } from '../workers/crew.ts';
import type { Part } from './case.ts';
import { CASES } from './cases/index.ts';
import { BLOCKING } from './form.ts';

const port = parentPort!;

port.on('message', async (order: Order<string> | 'dismissed') => {
  if (order === 'dismissed') {
    port.close();
    return;
  }
  const { id, program, ports, data } = order;
  const [title, name] = program.split(' # ') as [string, string];
  try {
    const result = await CASES.get(title)!.programs[name]!(BLOCKING, attach(ports) as never, data as Part);
    port.postMessage({ id, result } satisfies Report);
  } catch (error) {
    const { name, code, message, stack } = error as Error & { code?: unknown };
    port.postMessage({ id, error: { name, code, message: `${message}\n${stack}` } } satisfies Report);
  }
});
