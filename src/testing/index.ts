/** sluice/testing: break a program on purpose, and measure what that does to it. */

export { Chaos, type ChaosOptions } from './chaos.ts';
export { type Random, randomFrom } from './random.ts';
