/** A model, loaded onto a machine of its own and laid out: ready to be executed any number of times. */

import * as api from '../model.ts';
import { type Edit, load, modelFiles } from '../transform/load.ts';
import { benign } from './benign.ts';
import { Machine } from './machine.ts';
import { Names } from './names.ts';

export interface Subject {
  readonly machine: Machine;
  readonly model: api.Model;
  readonly place: unknown;
  readonly names: Names;
}

/** Every model there is: name, file, what it is about. */
export function listModels(): { readonly name: string; readonly path: string; readonly model: api.Model }[] {
  return modelFiles().flatMap((path) =>
    modelsOf(path, new Machine()).map((model) => ({ name: model.name, path, model })),
  );
}

/** Loads a model, with one file of the source changed if `edit` says so. */
export function openModel(name: string, path: string, edit?: Edit): Subject {
  const machine = new Machine();
  const model = modelsOf(path, machine, edit).find((each) => each.name === name);
  if (!model) throw new Error(`expected a model "${name}" in ${path}, met none`);
  api.takeChannels();
  const place = machine.drain(model.lay());
  const names = new Names((at) => machine.value(at), api.takeChannels());
  machine.remembering = true;
  machine.benign = (at) => benign.some(({ word }) => word.test(names.of(at).name));
  return { machine, model, place, names };
}

function modelsOf(path: string, machine: Machine, edit?: Edit): api.Model[] {
  const { models } = load(path, machine, { 'test/explore/model.ts': api }, edit) as { models?: api.Model[] };
  if (!models) throw new Error(`${path}: expected it to export "models"`);
  return models;
}
