/**
 * Makes a module steppable, without moving a line of it.
 *
 * ```
 *   load(slot)            →  ($.step(7, slot) ? yield : $.result)      the scheduler decides when it is done
 *   point.service()       →  (($v = point.service()) instanceof $G ? yield* $v : $v)
 *   function f() { … }    →  function* f() { let $v; … }
 *   () => …               →  (function* () { … }).bind(this)
 *   get woken() { … }     →  get woken() { return (function* () { … }).call(this); }
 *   const { woken } = p;  →  const { woken } = (yield* $.pick(p, ["woken"]));
 *   import, export        →  const { … } = $require(…);   return { … };
 * ```
 *
 * A function becomes a generator when it contains a step, or a call that may lead to one: any call but those of
 * functions known to contain neither, and of the language's own objects. What a call answers is looked at when it runs,
 * so a call that turns out to be plain stays plain. Constructors, initialisers of fields and callbacks of the language's
 * own functions cannot be suspended; their steps are done at once, in one. So are those of generators and async functions.
 */

import MagicString from 'magic-string';
import { childrenOf, isFunction, type Node, nameOf, type Source, walk } from './source.ts';

export const DOOR = 'src/memory/words.ts';

/** What the door offers that is a step. */
export const STEP_OPERATIONS = [
  'load',
  'store',
  'cas',
  'add',
  'and',
  'or',
  'peek',
  'poke',
  'wait',
  'waitAsync',
  'notify',
  'relax',
] as const;
export type StepOperation = (typeof STEP_OPERATIONS)[number];

/** Where a step is in the source. */
export interface Site {
  readonly operation: StepOperation;
  readonly path: string;
  readonly line: number;
  /** `mpmcClaim`, `ThreadContext.block`. */
  readonly within: string;
}

/** Objects of the language and the platform whose functions lead to no step. */
const PLAIN_OBJECTS = new Set([
  'Math',
  'Number',
  'Object',
  'Array',
  'String',
  'JSON',
  'Date',
  'performance',
  'console',
]);
const PLAIN_FUNCTIONS = new Set(['String', 'Number', 'Boolean', 'BigInt', 'setImmediate', 'queueMicrotask']);
/** Functions of the language that call what they are given, and want an answer at once. */
const CALLERS = /^(map|filter|some|every|find|findIndex|forEach|flatMap|reduce|sort|toSorted|from)$/;

/** What has to be known of all modules before the first is rewritten. */
export interface Knowledge {
  /** Path and name of module-level functions that contain no step and no call that may lead to one. */
  readonly plain: ReadonlySet<string>;
  /** Names of getters that may lead to a step. */
  readonly getters: ReadonlySet<string>;
}

/** What an imported name stands for: a module and a name in it. */
type Imports = ReadonlyMap<string, { readonly path: string; readonly name: string }>;

export function importsOf({ path, tree }: Source): Map<string, { path: string; name: string }> {
  const imports = new Map<string, { path: string; name: string }>();
  for (const node of tree.body as Node[]) {
    if (node.type !== 'ImportDeclaration') continue;
    const from = resolvePath(path, node.source.value);
    for (const each of node.specifiers as Node[]) {
      if (each.type !== 'ImportSpecifier') throw new Error(`${path}: expected imports by name, met another kind`);
      imports.set(each.local.name, { path: from, name: each.imported.name });
    }
  }
  return imports;
}

/** Whether a module is made steppable; others (packages, and the explorer itself) are what they are. */
export function isStepped(path: string): boolean {
  return /^(src|test\/support|test\/explore\/models)\//.test(path);
}

/** A relative specifier as a path from the root; another one as it is. */
export function resolvePath(path: string, specifier: string): string {
  return specifier.startsWith('.') ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier;
}

/** Learns which functions are plain, by taking all for plain and dropping those that prove not to be. */
export function learn(sources: readonly Source[]): Knowledge {
  const functions = new Map<string, { body: Node; source: Source; imports: Imports }>();
  const getters = new Map<string, { body: Node; source: Source; imports: Imports }[]>();
  for (const source of sources) {
    const imports = importsOf(source);
    for (const node of source.tree.body as Node[]) {
      const declared = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
      if (declared?.type !== 'FunctionDeclaration') continue;
      functions.set(`${source.path} ${declared.id.name}`, { body: declared.body, source, imports });
    }
    walk(source.tree, (node) => {
      if (node.type !== 'MethodDefinition' || node.kind !== 'get') return undefined;
      const name = nameOf(node.key);
      getters.set(name, [...(getters.get(name) ?? []), { body: node.value.body, source, imports }]);
      return undefined;
    });
  }
  const plain = new Set(functions.keys());
  const knowledge = { plain, getters: new Set<string>() };
  for (let settled = false; !settled; ) {
    settled = true;
    for (const [name, { body, source, imports }] of functions) {
      if (plain.has(name) && maySuspend(body, source, imports, knowledge)) settled = !plain.delete(name);
    }
    for (const [name, bodies] of getters) {
      if (knowledge.getters.has(name)) continue;
      if (!bodies.some(({ body, source, imports }) => maySuspend(body, source, imports, knowledge))) continue;
      knowledge.getters.add(name);
      settled = false;
    }
  }
  return knowledge;
}

/** Whether running a body, without the functions inside it, may come to a step. */
function maySuspend(body: Node, source: Source, imports: Imports, knowledge: Knowledge): boolean {
  let found = false;
  walk(body, (node) => {
    if (node !== body && (isFunction(node) || node.type === 'ClassBody')) return false;
    if (node.type === 'CallExpression' && !isPlainCall(node, source, imports, knowledge)) found = true;
    if (node.type === 'NewExpression' && node.callee.name === 'Promise') found = true;
    if (node.type === 'MemberExpression' && knowledge.getters.has(nameOf(node.property))) found = true;
    if (node.type === 'VariableDeclarator' && readByPattern(node.id, knowledge).length > 0) found = true;
    return undefined;
  });
  return found;
}

/** What a pattern binds of an object that may be got by a getter which leads to a step. */
function readByPattern(pattern: Node, { getters }: Knowledge): string[] {
  const target = pattern.type === 'AssignmentPattern' ? pattern.left : pattern;
  if (target.type !== 'ObjectPattern') return [];
  return (target.properties as Node[]).flatMap(({ key, value }) => {
    if (!key || !getters.has(nameOf(key))) return [];
    const bound = value.type === 'AssignmentPattern' ? value.left : value;
    return bound.type === 'Identifier' ? [bound.name as string] : [];
  });
}

function isPlainCall({ callee }: Node, { path }: Source, imports: Imports, { plain }: Knowledge): boolean {
  if (callee.type === 'Super') return true;
  if (callee.type === 'Identifier') {
    const imported = imports.get(callee.name);
    if (imported?.path === DOOR) return !isStep(imported.name);
    if (imported) return !isStepped(imported.path) || plain.has(`${imported.path} ${imported.name}`);
    return plain.has(`${path} ${callee.name}`) || PLAIN_FUNCTIONS.has(callee.name);
  }
  return (
    callee.type === 'MemberExpression' && callee.object.type === 'Identifier' && PLAIN_OBJECTS.has(callee.object.name)
  );
}

function isStep(name: string): boolean {
  return (STEP_OPERATIONS as readonly string[]).includes(name);
}

/** How the code at hand can do steps: suspended at each, or all at once. */
type Manner = 'suspended' | 'at once';

/** The rewritten text of a module: the body of a function of `$`, `$G`, `$require` and the platform. */
export function rewrite(source: Source, knowledge: Knowledge, sites: Site[]): string {
  return new Rewriter(source, knowledge, sites).run();
}

class Rewriter {
  readonly #source: Source;
  readonly #knowledge: Knowledge;
  readonly #sites: Site[];
  readonly #imports: Imports;
  readonly #out: MagicString;
  readonly #exported: string[] = [];
  readonly #within: string[] = [];

  constructor(source: Source, knowledge: Knowledge, sites: Site[]) {
    this.#source = source;
    this.#knowledge = knowledge;
    this.#sites = sites;
    this.#imports = importsOf(source);
    this.#out = new MagicString(source.text);
  }

  run(): string {
    this.#out.prepend("'use strict'; ");
    for (const node of this.#source.tree.body as Node[]) this.#topLevel(node);
    this.#out.append(`\nreturn { ${this.#exported.join(', ')} };`);
    return this.#out.toString();
  }

  #topLevel(node: Node): void {
    if (node.type === 'ImportDeclaration') {
      this.#import(node);
      return;
    }
    if (node.type === 'ExportNamedDeclaration') {
      if (!node.declaration) throw new Error(`${this.#source.path}: expected exports of declarations, met others`);
      this.#out.update(node.start, node.declaration.start, ' '.repeat(node.declaration.start - node.start));
      const declared = node.declaration.declarations ?? [node.declaration];
      for (const each of declared) this.#exported.push(each.id.name);
    }
    this.#visit(node, 'at once');
  }

  #import(node: Node): void {
    const names = (node.specifiers as Node[]).map(({ imported, local }) =>
      imported.name === local.name ? local.name : `${imported.name}: ${local.name}`,
    );
    const path = JSON.stringify(resolvePath(this.#source.path, node.source.value));
    const lines = '\n'.repeat(this.#source.text.slice(node.start, node.end).split('\n').length - 1);
    this.#out.update(node.start, node.end, `const { ${names.join(', ')} } = $require(${path});${lines}`);
  }

  #visit(node: Node, manner: Manner): void {
    if (isFunction(node)) this.#function(node);
    else if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') this.#class(node, manner);
    else if (node.type === 'CallExpression') this.#call(node, manner);
    else if (node.type === 'NewExpression') this.#new(node, manner);
    else if (node.type === 'MemberExpression') this.#member(node, manner);
    else if (node.type === 'VariableDeclarator') this.#declarator(node, manner);
    else if (node.type === 'Property' && (node.method || node.kind !== 'init')) this.#method(node);
    else if (node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression') {
      // What is written to is no reading of a getter.
      this.#visitAll(node.left, manner);
      this.#visit(node.right, manner);
    } else this.#visitAll(node, manner);
  }

  /** Getters that are read by a pattern are read one by one before. */
  #declarator(node: Node, manner: Manner): void {
    this.#visitAll(node, manner);
    if (!node.init || this.#readByPattern(node.id).length === 0) return;
    const names = (node.id.properties as Node[]).map((each) => {
      if (each.key && !each.computed) return JSON.stringify(nameOf(each.key));
      throw new Error(`${this.#source.path}:${node.loc!.start.line}: expected a pattern of names, met another kind`);
    });
    const pick = manner === 'suspended' ? '(yield* $.pick(' : '$.drain($.pick(';
    this.#out.prependLeft(node.init.start, pick);
    this.#out.appendLeft(node.init.end, `, [${names.join(', ')}]))`);
  }

  /** A pattern among parameters cannot be suspended. That it need not be is seen when it runs. */
  #parameters(node: Node): void {
    const read = (node.params as Node[]).flatMap((each) => this.#readByPattern(each));
    if (read.length === 0) return;
    const check = `$.whole(${read.join(', ')})`;
    if (node.body.type === 'BlockStatement') this.#out.appendRight(node.body.start + 1, ` ${check};`);
    else {
      this.#out.prependRight(node.body.start, `(${check}, `);
      this.#out.appendLeft(node.body.end, ')');
    }
  }

  #readByPattern(pattern: Node): string[] {
    return readByPattern(pattern, this.#knowledge);
  }

  #visitAll(node: Node, manner: Manner): void {
    for (const child of childrenOf(node)) this.#visit(child, manner);
  }

  #class(node: Node, manner: Manner): void {
    this.#within.push(node.id?.name ?? 'class');
    if (node.superClass) this.#visit(node.superClass, manner);
    for (const member of node.body.body as Node[]) {
      if (member.type === 'MethodDefinition') this.#method(member);
      else if (member.value) this.#named(nameOf(member.key), () => this.#visit(member.value, 'at once'));
    }
    this.#within.pop();
  }

  #method(member: Node): void {
    const { value, kind } = member;
    this.#named(nameOf(member.key), () => {
      const runsAtOnce = kind === 'constructor' || kind === 'set' || value.async || value.generator;
      const suspends = !runsAtOnce && this.#maySuspend(value.body);
      this.#visitAll(value, suspends ? 'suspended' : 'at once');
      this.#parameters(value);
      if (!suspends) return;
      if (kind === 'get') {
        this.#out.prependLeft(value.body.start, '{ return (function* () ');
        this.#out.appendLeft(value.body.end, ').call(this); }');
      } else {
        const key = member.computed ? this.#source.text.lastIndexOf('[', member.key.start) : member.key.start;
        this.#out.appendLeft(key, '*');
      }
      this.#out.appendRight(value.body.start + 1, ' let $v; ');
    });
  }

  #function(node: Node): void {
    const name = node.id?.name;
    this.#named(name, () => {
      const suspends = !node.async && !node.generator && this.#maySuspend(node.body);
      this.#visitAll(node, suspends ? 'suspended' : 'at once');
      this.#parameters(node);
      if (!suspends) return;
      if (node.type === 'ArrowFunctionExpression') this.#arrow(node);
      else {
        this.#out.appendRight(node.start + 'function'.length, '*');
        this.#out.appendRight(node.body.start + 1, ' let $v; ');
      }
    });
  }

  #arrow(node: Node): void {
    const { text } = this.#source;
    const params = node.params as Node[];
    const from = params.length > 0 ? params.at(-1)!.end : node.start;
    const arrow = text.indexOf('=>', from);
    const bare = text[node.start] !== '(';
    this.#out.prependLeft(node.start, bare ? '(function* (' : '(function* ');
    this.#out.update(arrow, arrow + 2, bare ? ') ' : '  ');
    if (node.body.type === 'BlockStatement') {
      this.#out.appendRight(node.body.start + 1, ' let $v; ');
      this.#out.appendLeft(node.end, ').bind(this)');
    } else {
      // An object in parentheses has its parentheses outside its node.
      this.#out.appendLeft(arrow + 2, '{ let $v; return (');
      this.#out.appendLeft(node.end, '); }).bind(this)');
    }
  }

  #call(node: Node, manner: Manner): void {
    const { callee } = node;
    const imported = callee.type === 'Identifier' ? this.#imports.get(callee.name) : undefined;
    if (imported?.path === DOOR && isStep(imported.name)) {
      this.#step(node, imported.name as StepOperation, manner);
      return;
    }
    const calls = callee.type === 'MemberExpression' && CALLERS.test(nameOf(callee.property));
    if (callee.type === 'MemberExpression') this.#visitAll(callee, manner);
    else this.#visit(callee, manner);
    for (const argument of node.arguments as Node[]) {
      if (calls && isFunction(argument)) this.#visitAll(argument, 'at once');
      else this.#visit(argument, manner);
    }
    if (!isPlainCall(node, this.#source, this.#imports, this.#knowledge)) this.#await(node, manner);
  }

  #new(node: Node, manner: Manner): void {
    for (const argument of node.arguments as Node[]) this.#visit(argument, manner);
    if (node.callee.type !== 'Identifier' || node.callee.name !== 'Promise') return;
    // A constructor cannot be suspended, but its executor may have to be.
    this.#out.update(node.start, node.callee.end, 'Promise.start');
    this.#await(node, manner);
  }

  #member(node: Node, manner: Manner): void {
    this.#visitAll(node, manner);
    if (!node.computed && this.#knowledge.getters.has(nameOf(node.property))) this.#await(node, manner);
  }

  #step(node: Node, operation: StepOperation, manner: Manner): void {
    const site = this.#sites.length;
    const { path } = this.#source;
    this.#sites.push({ operation, path, line: node.loc!.start.line, within: this.#within.join('.') });
    for (const argument of node.arguments as Node[]) this.#visit(argument, manner);
    const open = this.#source.text.indexOf('(', node.callee.end);
    if (manner === 'suspended') {
      this.#out.update(node.start, open + 1, `($.step(${site}, `);
      this.#out.appendLeft(node.end, ' ? yield : $.result)');
    } else {
      this.#out.update(node.start, open + 1, `$.now(${site}, `);
    }
  }

  /** Wraps a call, or the reading of a getter, that may answer a generator. */
  #await(node: Node, manner: Manner): void {
    if (manner === 'suspended') {
      this.#out.prependLeft(node.start, '(($v = ');
      this.#out.appendLeft(node.end, ') instanceof $G ? yield* $v : $v)');
    } else {
      this.#out.prependLeft(node.start, '$.drain(');
      this.#out.appendLeft(node.end, ')');
    }
  }

  #maySuspend(body: Node): boolean {
    return maySuspend(body, this.#source, this.#imports, this.#knowledge);
  }

  #named(name: string | undefined, visit: () => void): void {
    if (name) this.#within.push(name);
    visit();
    if (name) this.#within.pop();
  }
}
