import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { generate } from '../../build-kernel.ts';
import { engineFor, isTrap } from '../../src/engine/engine.ts';
import { u32 } from '../../src/index.ts';
import { freshSegment } from '../support/segment.ts';
import { newSupervisor } from '../support/supervisors.ts';

/** Something done where WebAssembly is another. Node's own parts need it: it has to be back before they get a turn. */
function where<T>(webAssembly: unknown, act: () => T): T {
  vi.stubGlobal('WebAssembly', webAssembly);
  try {
    return act();
  } finally {
    vi.unstubAllGlobals();
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

afterEach(() => {
  vi.unstubAllEnvs();
});

test('what is generated in src/engine/ is what the sources of the kernel give (npm run build:kernel)', async () => {
  for (const [path, text] of Object.entries(await generate())) {
    expect([path, readFileSync(ROOT + path, 'utf8') === text]).toEqual([path, true]);
  }
});

describe('the kernel that runs', () => {
  test('is WebAssembly, if nothing else is asked for', () => {
    vi.stubEnv('SLUICE_KERNEL', '');
    const { compilation, reason } = engineFor(freshSegment());
    expect({ compilation, reason }).toEqual({ compilation: 'wasm', reason: undefined });
  });

  test.each(['js', 'wasm'] as const)('is what SLUICE_KERNEL=%s asks for, and the snapshot says so', async (wanted) => {
    vi.stubEnv('SLUICE_KERNEL', wanted);
    await using supervisor = newSupervisor();
    expect(supervisor.snapshot().kernel).toEqual({ compilation: wanted });
  });

  test('is refused by name when there is no such', () => {
    vi.stubEnv('SLUICE_KERNEL', 'rust');
    expect(() => newSupervisor()).toThrow(
      expect.objectContaining({
        code: 'ERR_LIMIT',
        message: expect.stringContaining('expected js or wasm, met "rust"'),
      }),
    );
  });

  test('is TypeScript where there is no WebAssembly, with the reason, and channels work', async () => {
    vi.stubEnv('SLUICE_KERNEL', '');
    await using supervisor = where(undefined, () => newSupervisor());
    expect(supervisor.snapshot().kernel).toEqual({ compilation: 'js', reason: 'a runtime without WebAssembly' });
    const channel = supervisor.channel('c', { codec: u32, capacity: 1 });
    channel.sendSync(7);
    expect(channel.receiveSync()).toEqual({ done: false, value: 7 });
  });

  test('is TypeScript where a policy forbids to compile, with the reason', async () => {
    vi.stubEnv('SLUICE_KERNEL', '');
    class Forbidden {
      constructor() {
        throw new EvalError('code generation is disallowed');
      }
    }
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: unknown } }).WebAssembly;
    // What another test has compiled already would do.
    vi.resetModules();
    const { engineFor: afresh } = await import('../../src/engine/engine.ts');
    const segment = freshSegment();
    const { compilation, reason } = where({ Memory, Module: Forbidden }, () => afresh(segment));
    expect({ compilation, reason }).toEqual({ compilation: 'js', reason: 'code generation is disallowed' });
  });

  test('is asked for in vain where it cannot be had: that is said, not got round', () => {
    vi.stubEnv('SLUICE_KERNEL', 'wasm');
    expect(() => where(undefined, () => newSupervisor())).toThrow(
      'SLUICE_KERNEL=wasm: expected WebAssembly on shared memory, met a runtime',
    );
  });

  test('traps, rather than reach beyond the segment', () => {
    vi.stubEnv('SLUICE_KERNEL', 'wasm');
    const segment = freshSegment();
    const { kernel } = engineFor(segment);
    let met: unknown;
    try {
      kernel.wakeRead(segment.words.length + 2 ** 20);
    } catch (error) {
      met = error;
    }
    expect([isTrap(met), isTrap(new RangeError())]).toEqual([true, false]);
  });
});
