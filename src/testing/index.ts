/** sluice/testing: break a program on purpose, and measure what that does to it. */

export { Chaos, type ChaosOptions } from './chaos.ts';
export type { Latency } from './latency.ts';
export type { Figures, Load } from './load.ts';
export type { Objectives, Verdict } from './objectives.ts';
export { type Random, randomFrom } from './random.ts';
export { type Fault, type FaultReport, runScenario, type Scenario, type ScenarioReport } from './scenario.ts';
