/**
 * Compiles `src/kernel/` to WebAssembly: the very files that the explorer steps through and that tsc compiles, too.
 *
 *   npm run build:kernel       writes what is generated in src/engine/; a test fails when the sources have moved on
 *
 * `kernel.ts` lists the functions, `module.ts` holds the compiled module, so that no bundler or worker has to find a file.
 *
 * The sources reach AssemblyScript as they are, but for three things: file endings and imports of types are dropped
 * (`i32` is its own), the door is `words.as.ts`, and the layout is what `layout.ts` computes, a constant a line.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as layout from './src/memory/layout.ts';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
/** What is generated, by path. */
export type Generated = Readonly<Record<string, string>>;

function kernelFiles(): string[] {
  return readdirSync(`${ROOT}src/kernel`)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

function asAssemblyScript(text: string): string {
  return text.replace(/^import type .*\n/gm, '').replace(/(from '.*)\.ts'/g, "$1'");
}

/** Every number that the layout exports. */
function layoutConstants(): string {
  const constants = Object.entries(layout).filter(([, value]) => typeof value === 'number');
  return constants.map(([name, value]) => `export const ${name}: i32 = ${Number(value) | 0};`).join('\n');
}

/** The functions that a file of the kernel exports. */
function functionsOf(file: string): string[] {
  return [...read(`src/kernel/${file}`).matchAll(/^export function (\w+)/gm)].map(([, name]) => name!);
}

/** Exports every function of the kernel, and nothing else. */
function entry(): string {
  return kernelFiles()
    .filter((file) => functionsOf(file).length > 0)
    .map((file) => `export { ${functionsOf(file).join(', ')} } from './kernel/${file.replace('.ts', '')}';`)
    .join('\n');
}

/** The WebAssembly of the kernel as it is now. Throws what the compiler complains about. */
async function compileKernel(): Promise<Uint8Array> {
  const sources: Record<string, () => string> = {
    'kernel.ts': entry,
    'memory/words.ts': () => read('src/memory/words.as.ts'),
    'memory/layout.ts': layoutConstants,
  };
  // By a name that tsc does not follow: its types bring globals of their own, such as another console.
  const { default: asc } = await import('assemblyscript/asc' as string);
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      'kernel.ts',
      ...['--outFile', 'kernel.wasm', '--runtime', 'stub', '--use', 'abort=', '--noAssert'],
      ...[
        '--enable',
        'threads',
        '--importMemory',
        '--sharedMemory',
        '--initialMemory',
        '1',
        '--maximumMemory',
        '65536',
      ],
      ...['-O3', '--converge'],
    ],
    {
      readFile(name: string) {
        if (sources[name]) return sources[name]();
        return /^kernel\/[\w-]+\.ts$/.test(name) ? asAssemblyScript(read(`src/${name}`)) : null;
      },
      writeFile(_name: string, contents: Uint8Array) {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`the kernel is not what AssemblyScript compiles:\n${stderr.toString()}`);
  return binary;
}

const NOTICE = '// Written by `npm run build:kernel` from src/kernel/. Do not edit.';

function moduleText(wasm: Uint8Array): string {
  const lines = Buffer.from(wasm)
    .toString('base64')
    .match(/.{1,112}/g)!
    .map((line) => `  '${line}'`);
  return `${NOTICE}

/** The kernel as WebAssembly, in base64. */
export const MODULE =
${lines.join(' +\n')};
`;
}

/** A literal each, so that the engine knows where every function is: the exports of a module are slow to look up in. */
function kernelText(): string {
  const files = kernelFiles().filter((file) => functionsOf(file).length > 0);
  const names = files.flatMap(functionsOf);
  return `${NOTICE}

${files.map((file) => `import { ${functionsOf(file).join(', ')} } from '../kernel/${file}';`).join('\n')}

/** Every function of the kernel, compiled by tsc: it works on the segment that was entered last. */
export const reference = {
${names.map((name) => `  ${name},`).join('\n')}
};

/** The same functions out of a WebAssembly module: they work on the memory that it was made with. */
export function compiled(exports: Record<string, any>): typeof reference {
  return {
${names.map((name) => `    ${name}: exports.${name},`).join('\n')}
  };
}
`;
}

/** What `src/engine/` should hold, as the sources are now. */
export async function generate(): Promise<Generated> {
  return { 'src/engine/module.ts': moduleText(await compileKernel()), 'src/engine/kernel.ts': kernelText() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await generate())) writeFileSync(ROOT + path, text);
}
