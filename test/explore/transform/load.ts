/**
 * Loads modules of this project as steppable code, into a world of their own: every load has its own copies of all
 * modules, bound to one machine, and may change a source before it is transformed.
 */

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { Machine } from '../engine/machine.ts';
import { DOOR, importsOf, isStepped, type Knowledge, learn, rewrite, type Site } from './rewrite.ts';
import { ROOT, readText, type Source, sourceOf } from './source.ts';

export type Exports = Record<string, any>;

/** Changes the TypeScript of one file. */
export interface Edit {
  readonly path: string;
  change(text: string): string;
}

/** What generator functions make, however they were made. */
const Generator = Object.getPrototypeOf(function* () {}).prototype;
/** `x instanceof $G` for generators of any module. */
const GENERATOR = Object.assign(() => {}, { prototype: Generator });

const require = createRequire(import.meta.url);
const MODELS = 'test/explore/models/';

/** The files of models. */
export function modelFiles(): string[] {
  return readdirSync(ROOT + MODELS)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => MODELS + file);
}

type Module = (...given: unknown[]) => Exports;

/** All that some model needs, as it is in the source: read, and made steppable where it is asked for, once a process. */
interface World {
  readonly sources: ReadonlyMap<string, Source>;
  readonly knowledge: Knowledge;
  readonly modules: Map<string, Module>;
  /** What the code refers to by number. */
  readonly sites: Site[];
}

let world: World | undefined;

function theWorld(): World {
  if (!world) {
    const sources = new Map<string, Source>();
    for (const path of modelFiles()) gather(path, (each) => sourceOf(each, readText(each)), sources);
    world = { sources, knowledge: learn([...sources.values()]), modules: new Map(), sites: [] };
  }
  return world;
}

/** Everything `path` needs of what is stepped, itself last. */
function gather(path: string, read: (path: string) => Source, found = new Map<string, Source>()): Map<string, Source> {
  if (found.has(path)) return found;
  const source = read(path);
  found.set(path, source);
  for (const node of source.tree.body) {
    if (node.type === 'ExportNamedDeclaration' && node.source) throw new Error(`${path}: expected no re-exports`);
  }
  for (const { path: imported } of importsOf(source).values()) {
    if (isStepped(imported) && imported !== DOOR) gather(imported, read, found);
  }
  found.delete(path);
  found.set(path, source);
  return found;
}

/** The same world with one file changed. What else has to be written anew depends on what the change makes steppable. */
function edited({ sources, knowledge, modules, sites }: World, { path, change }: Edit): World {
  const source = sourceOf(path, change(readText(path)));
  const changed = new Map([...sources, [path, source]]);
  const known = learn([...changed.values()]);
  const same = sameNames(known.plain, knowledge.plain) && sameNames(known.getters, knowledge.getters);
  const kept = same ? [...modules].filter(([name]) => name !== path) : [];
  return { sources: changed, knowledge: known, modules: new Map(kept), sites: [...sites] };
}

function sameNames(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return some.size === others.size && [...some].every((name) => others.has(name));
}

function moduleOf(source: Source, { knowledge, modules, sites }: World, platform: readonly string[]): Module {
  let module = modules.get(source.path);
  if (!module) {
    const body = rewrite(source, knowledge, sites);
    const given = ['$', '$G', '$require', ...platform];
    module = compileFunction(body, given, { filename: ROOT + source.path }) as Module;
    modules.set(source.path, module);
  }
  return module;
}

/** Loads a model, and all it imports, onto a machine. `own` are the explorer's modules that models import. */
export function load(path: string, machine: Machine, own: Record<string, Exports>, edit?: Edit): Exports {
  const { platform } = machine;
  const names = Object.keys(platform);
  const its = edit ? edited(theWorld(), edit) : theWorld();
  const sources = gather(path, (each) => its.sources.get(each) ?? sourceOf(each, readText(each)));
  if (edit && !sources.has(edit.path)) {
    throw new Error(`expected ${path} to use ${edit.path}, met a model that does not`);
  }
  const program = [...sources].map(([name, source]) => ({ name, run: moduleOf(source, its, names) }));
  machine.sites.push(...its.sites);
  const modules = new Map<string, Exports>(Object.entries(own));
  modules.set(DOOR, machine.door);
  const provide = (name: string): Exports => {
    const module = modules.get(name);
    if (module) return module;
    if (existsSync(ROOT + name)) throw new Error(`expected ${name} to be loaded before it is imported`);
    return require(name);
  };
  for (const { name, run } of program) {
    modules.set(name, run(machine, GENERATOR, provide, ...Object.values(platform)));
  }
  return modules.get(path)!;
}
