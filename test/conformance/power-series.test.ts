import { powerSeries } from './cases/power-series.ts';
import { suite } from './suite.ts';

suite(powerSeries);
