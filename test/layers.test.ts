import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { codeOf, importsOf, layerViolations, type SourceFile } from './support/layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(folder: string): SourceFile[] {
  return readdirSync(root + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/').slice(root.length))
    .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }));
}

/** The sources behind what package.json exports. */
function publicFaces(): string[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: Record<string, unknown> };
  return Object.values(exports)
    .map((target) => (target as { default?: string }).default)
    .filter((target) => target !== undefined)
    .map((target) => target.replace('./dist/', '').replace(/\.js$/, '.ts'));
}

describe('the source tree', () => {
  const files = [...sources('src'), ...sources('workers')];

  test('is found', () => {
    expect(files.map(({ path }) => path)).toContain('src/memory/words.ts');
    expect(files.length).toBeGreaterThan(30);
  });

  test('keeps its layers, its one door to shared words, and the subset of the kernel', () => {
    expect(layerViolations(files, publicFaces())).toEqual([]);
  });

  test('has a core that imports no package but node itself', () => {
    const core = files.filter(({ path }) => /^src\/(?!adapters|cli)/.test(path));
    const packages = core.flatMap(({ text }) => importsOf(text)).filter((specifier) => /^[^.]/.test(specifier));
    expect(new Set(packages.filter((specifier) => !specifier.startsWith('node:')))).toEqual(new Set());
  });
});

describe('the checker of layers', () => {
  const complaints = (path: string, text: string) => layerViolations([{ path, text }]);

  test.each([
    ['src/memory/a.ts', "import { X } from '../kernel/b.ts';", 'memory comes before kernel'],
    ['src/kernel/a.ts', "import { x } from '../park/b.ts';", 'only from memory and kernel'],
    ['src/park/a.ts', "import type { x } from '../pool/b.ts';", 'park comes before pool'],
    ['src/pool/a.ts', "export * from '../codec/b.ts';", 'pool comes before codec'],
    ['src/codec/a.ts', "import '../channel/b.ts';", 'codec comes before channel'],
    ['src/channel/a.ts', "const b = await import('../supervisor/b.ts');", 'channel comes before supervisor'],
    ['src/supervisor/a.ts', "import {\n  x,\n} from '../index.ts';", 'above every layer'],
    ['src/pool/a.ts', "import { x } from '../../workers/b.ts';", 'imported by nobody'],
    ['src/adapters/a.ts', "import { x } from '../channel/b.ts';", 'only the public faces'],
    ['src/adapters/a.ts', "import { x } from '../cli/b.ts';", 'only the public faces'],
    ['src/index.ts', "export { x } from './adapters/b.ts';", 'does not know its adapters'],
    ['src/errors.ts', "import { x } from './memory/b.ts';", 'imports nothing'],
    ['src/errors.ts', "import { x } from 'node:util';", 'imports nothing'],
    ['src/channel/a.ts', "import { x } from 'piscina';", 'depends on no package'],
    ['src/park/a.ts', 'Atomics.wait(words, 0, 0);', 'only door'],
    ['src/park/a.ts', "import { LIMIT, load } from '../kernel/b.ts';", 'imports load, but functions'],
    ['src/engine/a.ts', "import { x } from '../park/b.ts';", 'engine comes before park'],
  ])('refuses in %s: %s', (path, text, reason) => {
    expect(complaints(path, text)).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ['an arrow function', 'const f = (x: i32): i32 => x;'],
    ['a class', 'class A {}'],
    ['an object', 'const a = { b: 1 };'],
    ['a string', "const a = 'b';"],
    ['Math', 'const a: i32 = Math.imul(1, 2);'],
    ['something asynchronous', 'export async function f(): void { await 1; }'],
    ['an exception', 'export function f(): void { throw 1; }'],
    ['a function inside a function', 'function f(): i32 { function g(): i32 { return 1; } return g(); }'],
    ['an array or an index', 'const a: i32 = words[1];'],
  ])('refuses %s in the kernel', (what, text) => {
    expect(complaints('src/kernel/a.ts', text)).toContainEqual(expect.stringContaining(`contains ${what}`));
  });

  test('refuses in the kernel every import from outside memory and kernel', () => {
    expect(complaints('src/kernel/a.ts', "import { x } from '../errors.ts';")).not.toEqual([]);
    expect(complaints('src/kernel/a.ts', "import { x } from 'node:os';")).not.toEqual([]);
  });

  test.each([
    ['src/channel/a.ts', "import { x } from '../errors.ts';\nimport { y } from '../memory/b.ts';\nimport 'node:os';"],
    [
      'src/cli/a.ts',
      "import { x } from '../index.ts';\nimport { y } from '../adapters/b.ts';\nimport z from 'vendor';",
    ],
    ['src/kernel/a.ts', '// const f = () => Atomics;\n/* class */ export function f(a: i32): i32 {\n  return a;\n}'],
    ['src/memory/words.ts', 'Atomics.load(words, 0);'],
  ])('takes in %s: %s', (path, text) => {
    expect(complaints(path, text)).toEqual([]);
  });

  test('takes comments out of the code, and leaves strings alone', () => {
    expect(codeOf("a /* b */ c // d\n'// e'")).toBe("a   c  \n'// e'");
  });
});
