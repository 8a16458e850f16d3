/** The rules of the source tree that no compiler checks, as functions over the text of its files. */

export interface SourceFile {
  /** From the root of the project, with forward slashes: `src/park/pump.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Each layer may import from itself and from those before it. */
export const LAYERS = [
  'memory',
  'kernel',
  'engine',
  'park',
  'pool',
  'codec',
  'channel',
  'supervisor',
  'sync',
  'resilience',
  'pipeline',
] as const;

/** They meet the library through its public faces alone. */
const OUTER = ['adapters', 'testing', 'cli', 'workers'];

const ERRORS = 'src/errors.ts';
const INDEX = 'src/index.ts';
const DOOR = 'src/memory/words.ts';
/** Faults are injected by standing in front of the door, and ordered through memory that is no segment. */
const FAULTS = /^src\/testing\/faults\//;
const KERNEL_IMPORTS = 'the kernel imports only from memory and kernel';

/** All violations, each as one sentence that starts with the file. */
export function layerViolations(files: readonly SourceFile[], publicFaces: readonly string[] = [INDEX]): string[] {
  return files.flatMap((file) => [
    ...importViolations(file, publicFaces),
    ...doorViolations(file),
    ...compilationViolations(file),
    ...(layerOf(file.path) === 'kernel' ? kernelViolations(file) : []),
  ]);
}

function importViolations({ path, text }: SourceFile, publicFaces: readonly string[]): string[] {
  return importsOf(text).flatMap((specifier) => {
    const complaint = specifier.startsWith('.')
      ? relativeComplaint(path, resolvePath(path, specifier), publicFaces)
      : packageComplaint(path, specifier);
    return complaint ? [`${path}: imports '${specifier}', but ${complaint}`] : [];
  });
}

function relativeComplaint(from: string, to: string, publicFaces: readonly string[]): string | undefined {
  if (to.startsWith('workers/')) return 'workers are launched by URL and imported by nobody';
  if (!to.startsWith('src/')) return `${to} is no source of the library`;
  const layer = layerOf(from);
  if (from === ERRORS) return 'errors.ts imports nothing';
  if (from === INDEX) {
    return OUTER.includes(layerOf(to)) ? 'the core does not know its adapters' : undefined;
  }
  if (OUTER.includes(layer)) {
    if (layerOf(to) === layer || publicFaces.includes(to)) return undefined;
    if (layer === 'cli' && layerOf(to) === 'adapters') return undefined;
    return `${layer} may use only the public faces (${publicFaces.join(', ')})`;
  }
  if (layer === 'kernel') return ['memory', 'kernel'].includes(layerOf(to)) ? undefined : KERNEL_IMPORTS;
  if (to === ERRORS) return undefined;
  const rank = LAYERS.indexOf(layer as never);
  const target = LAYERS.indexOf(layerOf(to) as never);
  if (rank < 0) return `${from} belongs to no known layer`;
  if (target < 0) return `${to} is above every layer`;
  return target > rank ? `${layer} comes before ${layerOf(to)}` : undefined;
}

function packageComplaint(from: string, specifier: string): string | undefined {
  if (from === ERRORS) return 'errors.ts imports nothing';
  const layer = layerOf(from);
  if (layer === 'kernel') return KERNEL_IMPORTS;
  if (specifier.startsWith('node:') || OUTER.includes(layer)) return undefined;
  return 'the core depends on no package';
}

function doorViolations({ path, text }: SourceFile): string[] {
  if (path === DOOR || FAULTS.test(path) || !/\bAtomics\b/.test(codeOf(text))) return [];
  return [`${path}: uses Atomics, but ${DOOR} is the only door to shared words`];
}

/** Of the kernel's files only constants and types are imported as they are: which compilation runs, the engine says. */
function compilationViolations({ path, text }: SourceFile): string[] {
  if (['kernel', 'engine'].includes(layerOf(path))) return [];
  const imports = codeOf(text).matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*'[./]*\/kernel\/[^']*'/g);
  const names = [...imports].flatMap((match) => match[1]!.split(',').map((name) => name.trim()));
  const functions = names.filter((name) => /^[a-z]/.test(name) && !name.startsWith('type '));
  return functions.map((name) => `${path}: imports ${name}, but functions of the kernel are called through the engine`);
}

/** What the compiler that turns the kernel into WebAssembly does not take. */
const KERNEL_FORBIDS: readonly (readonly [RegExp, string])[] = [
  [/=>/, 'an arrow function'],
  [/\bfunction\s*\*/, 'a generator'],
  [/\bfunction\s*\(/, 'a function expression'],
  [/\b(?:async|await)\b/, 'something asynchronous'],
  [/\bclass\b/, 'a class'],
  [/\bthis\b/, '`this`'],
  [/\bnew\b/, 'an allocation'],
  [/\b(?:throw|try|catch)\b/, 'an exception'],
  [/\b(?:typeof|instanceof|delete)\b|\sin\s/, 'an operator on types or objects'],
  [/\b(?:undefined|null|NaN|Infinity)\b/, 'a value that is no number of 32 bits'],
  [/\bMath\s*\./, 'Math'],
  [/['"`]/, 'a string'],
  [/[=(,?]\s*\{|\breturn\s*\{/, 'an object'],
  [/\[/, 'an array or an index'],
  [/\.\.\./, 'a spread'],
  [/\?\.|\?\?/, 'an optional value'],
];

function kernelViolations({ path, text }: SourceFile): string[] {
  const code = codeOf(text);
  const body = withoutImports(code);
  const complaints = KERNEL_FORBIDS.filter(([pattern]) => pattern.test(body)).map(([, what]) => `contains ${what}`);
  if (hasNestedFunction(body)) complaints.push('contains a function inside a function');
  return complaints.map((complaint) => `${path}: ${complaint}, which the kernel's second compiler does not take`);
}

function hasNestedFunction(code: string): boolean {
  let depth = 0;
  for (const [token] of code.matchAll(/[{}]|\bfunction\b/g)) {
    if (token === '{') depth++;
    else if (token === '}') depth--;
    else if (depth > 0) return true;
  }
  return false;
}

/** The folder of `src` that a file is in; for a file right in `src`, its name. */
export function layerOf(path: string): string {
  const [top, folder] = path.split('/');
  return top === 'workers' ? top : (folder ?? path);
}

const IMPORTS = [
  /\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*(['"])(?<specifier>[^'"]+)\1/g,
  /(?<![-\w])import\s*(['"])(?<specifier>[^'"]+)\1/g,
  /\b(?:import|require)\s*\(\s*(['"])(?<specifier>[^'"]+)\1/g,
];

/** The specifiers of everything a file imports or exports again, types included, in order of kind. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match.groups!.specifier!));
}

function withoutImports(code: string): string {
  return code.replace(/\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*['"][^'"]*['"];?/g, '');
}

/** The code of a file: without comments. Strings stay. */
export function codeOf(text: string): string {
  return withoutComments(text);
}

function withoutComments(text: string): string {
  // Strings are matched too, so that what looks like a comment inside one stays.
  return text.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (found) => (found.startsWith('/') ? ' ' : found),
  );
}

function resolvePath(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
