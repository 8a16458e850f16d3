/**
 * Loads modules of this project as steppable code, into a world of their own: every load has its own copies of all
 * modules, bound to one machine, and may change a source before it is transformed.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type { Machine } from '../engine/machine.ts';
import { DOOR, importsOf, isStepped, learn, rewrite, type Site } from './rewrite.ts';
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

const parsed = new Map<string, Source>();
const require = createRequire(import.meta.url);

/** A file, parsed; unchanged ones only once in a process. */
function read(path: string, edit: Edit | undefined): Source {
  if (edit?.path === path) return sourceOf(path, edit.change(readText(path)));
  let source = parsed.get(path);
  if (!source) {
    source = sourceOf(path, readText(path));
    parsed.set(path, source);
  }
  return source;
}

/** Everything `path` needs of what is stepped, itself last. */
function gather(path: string, edit: Edit | undefined, found = new Map<string, Source>()): Map<string, Source> {
  if (found.has(path)) return found;
  const source = read(path, edit);
  found.set(path, source);
  for (const node of source.tree.body) {
    if (node.type === 'ExportNamedDeclaration' && node.source) throw new Error(`${path}: expected no re-exports`);
  }
  for (const { path: imported } of importsOf(source).values()) {
    if (isStepped(imported) && imported !== DOOR) gather(imported, edit, found);
  }
  found.delete(path);
  found.set(path, source);
  return found;
}

/** A model and all it imports, as code that runs on any machine. */
interface Program {
  readonly modules: readonly { readonly name: string; readonly run: (...given: unknown[]) => Exports }[];
  /** What the code refers to by number. */
  readonly sites: readonly Site[];
}

const programs = new Map<string, Program>();

/** The program of a file of models; that of unchanged sources is made only once in a process. */
function programOf(path: string, platform: readonly string[], edit: Edit | undefined): Program {
  const known = edit ? undefined : programs.get(path);
  if (known) return known;
  const sources = gather(path, edit);
  if (edit && !sources.has(edit.path))
    throw new Error(`expected ${path} to use ${edit.path}, met a model that does not`);
  const knowledge = learn([...sources.values()]);
  const sites: Site[] = [];
  const modules = [...sources].map(([name, source]) => {
    const body = rewrite(source, knowledge, sites);
    const run = compileFunction(body, ['$', '$G', '$require', ...platform], { filename: ROOT + name });
    return { name, run: run as (...given: unknown[]) => Exports };
  });
  const program = { modules, sites };
  if (!edit) programs.set(path, program);
  return program;
}

/** Loads a model, and all it imports, onto a machine. `own` are the explorer's modules that models import. */
export function load(path: string, machine: Machine, own: Record<string, Exports>, edit?: Edit): Exports {
  const { platform } = machine;
  const program = programOf(path, Object.keys(platform), edit);
  machine.sites.push(...program.sites);
  const modules = new Map<string, Exports>(Object.entries(own));
  modules.set(DOOR, machine.door);
  const provide = (name: string): Exports => {
    const module = modules.get(name);
    if (module) return module;
    if (existsSync(ROOT + name)) throw new Error(`expected ${name} to be loaded before it is imported`);
    return require(name);
  };
  for (const { name, run } of program.modules) {
    modules.set(name, run(machine, GENERATOR, provide, ...Object.values(platform)));
  }
  return modules.get(path)!;
}
