/** A source file as the explorer sees it: its text without types, every position unchanged, and the tree of that. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Node as AcornNode, parse } from 'acorn';
import { transformSync } from 'amaro';

/** The root of the project, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A node of an ESTree, read loosely: what a visitor needs to walk it. */
export interface Node extends AcornNode {
  [key: string]: any;
}

export interface Source {
  /** From the root of the project: `src/kernel/mpmc.ts`. */
  readonly path: string;
  /** JavaScript; what was a type is blank. */
  readonly text: string;
  readonly tree: Node;
}

export function readText(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

export function sourceOf(path: string, typescript: string): Source {
  const text = transformSync(typescript, { mode: 'strip-only' }).code;
  return { path, text, tree: parse(text, { ecmaVersion: 2024, sourceType: 'module', locations: true }) as Node };
}

const children = new WeakMap<Node, readonly Node[]>();

/** The children of a node, in the order of the text. Trees are walked many times, so they are looked for once. */
export function childrenOf(node: Node): readonly Node[] {
  let known = children.get(node);
  if (!known) {
    known = Object.entries(node)
      .flatMap(([key, value]) => (key === 'loc' ? [] : value))
      .filter((each) => typeof each?.type === 'string')
      .sort((a, b) => a.start - b.start) as Node[];
    children.set(node, known);
  }
  return known;
}

export function isFunction(node: Node): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** The name of a member: `#poll`, `length`. */
export function nameOf(key: Node): string {
  return key.type === 'PrivateIdentifier' ? `#${key.name}` : String(key.name ?? key.value);
}

/** Calls `visit` for a node and all below it; where it answers false, not for those below. */
export function walk(node: Node, visit: (node: Node) => boolean | undefined): void {
  if (visit(node) === false) return;
  for (const child of childrenOf(node)) walk(child, visit);
}
