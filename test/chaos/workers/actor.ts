/** Does one thing when it is told to, and then nothing more: a victim dies in it, a survivor outlives that. */

import { workerData } from 'node:worker_threads';
import { attach, type Shared } from '../../../src/index.ts';
import { type OperationPorts, operations, type Task } from '../steps/operations.ts';
import { Signals } from '../steps/signals.ts';

const ports = attach(workerData as Shared<OperationPorts>);
const task = workerData.data as Task;
const signals = new Signals(task.signals);

const act = operations[task.operation](ports, task.kind);
signals.give('ready');
signals.await('go');
act();
signals.give('done');
signals.await('again');
