/** A codec that does something else in the middle of decoding. */

import { custom } from '../../src/index.ts';

let meanwhile: (() => void) | undefined;

/** What the next message that this thread decodes does meanwhile. */
export function meddle(act: () => void): void {
  meanwhile = act;
}

export const meddling = custom<number>({
  name: 'meddling',
  encode: (value) => new Uint8Array([value]),
  decode: ([value]) => {
    const act = meanwhile;
    meanwhile = undefined;
    act?.();
    return value!;
  },
});
