/** All there are, by name. */

import { descriptors } from './descriptors.ts';
import type { Fuzzer } from './fuzzer.ts';
import { header } from './header.ts';
import { misuse } from './misuse.ts';
import { words } from './words.ts';

export const FUZZERS = { descriptors, header, words, misuse } satisfies Record<string, Fuzzer<any>>;
export type FuzzerName = keyof typeof FUZZERS;
export const FUZZER_NAMES = Object.keys(FUZZERS) as readonly FuzzerName[];
