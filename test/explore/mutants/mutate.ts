/** Deliberate faults: small changes of one function of the source, each found by its text. */

import { isFunction, type Node, nameOf, readText, type Source, sourceOf, walk } from '../transform/source.ts';

/** Changes the text of a function. */
export type Rule = (text: string) => string;

export interface Mutant {
  readonly path: string;
  /** The function or method that is changed: `mpmcClaim`, `MpmcQueue.claim`. */
  readonly within: string;
  /** What is wrong with it then, as half a sentence. */
  readonly fault: string;
  readonly rule: Rule;
  /** Functions of the door that the file does not import, and the change needs. */
  readonly needs?: readonly string[];
  /** The models that must catch it: one does. */
  readonly caughtBy: readonly string[];
  /** Most preemptions it takes to show. Default 2. */
  readonly preemptions?: number;
  /** Why the fault does no harm: then no model may catch it. */
  readonly harmless?: string;
}

/** The text is gone. */
export function drop(text: string): Rule {
  return replace(text, '');
}

/** One text in the place of another, which must be there exactly once. */
export function replace(text: string, by: string): Rule {
  return (before) => {
    const parts = before.split(text);
    if (parts.length !== 2) throw new Error(`expected "${text}" once, met it ${parts.length - 1} times`);
    return parts.join(by);
  };
}

/** Two texts that follow each other change places. */
export function swap(first: string, second: string): Rule {
  return (before) => {
    const from = before.indexOf(first);
    const to = before.indexOf(second, from + first.length);
    if (from < 0 || to < 0) throw new Error(`expected "${first}" and then "${second}"`);
    const between = before.slice(from + first.length, to);
    return before.slice(0, from) + second + between + first + before.slice(to + second.length);
  };
}

/** One change after the other. */
export function both(first: Rule, second: Rule): Rule {
  return (before) => second(first(before));
}

/** The TypeScript of the file with the fault in it. Throws when today's source has no place for it. */
export function mutate({ path, within, rule, needs = [] }: Mutant, text = readText(path)): string {
  const { start, end } = find(sourceOf(path, text), within);
  try {
    const changed = text.slice(0, start) + rule(text.slice(start, end)) + text.slice(end);
    return needs.length === 0 ? changed : `${changed}\nimport { ${needs.join(', ')} } from '../memory/words.ts';\n`;
  } catch (error) {
    throw new Error(`${path}, ${within}: ${(error as Error).message}`);
  }
}

function find({ path, tree }: Source, name: string): Node {
  const found: Node[] = [];
  const search = (node: Node, owner: string): void =>
    walk(node, (each) => {
      if (each !== node && each.type === 'ClassDeclaration') {
        search(each, `${each.id.name}.`);
        return false;
      }
      const own = each.type === 'MethodDefinition' ? nameOf(each.key) : isFunction(each) ? each.id?.name : undefined;
      if (own !== undefined && (own === name || owner + own === name)) found.push(each);
      return undefined;
    });
  search(tree, '');
  if (found.length !== 1) throw new Error(`${path}: expected one function "${name}", met ${found.length}`);
  return found[0]!;
}
