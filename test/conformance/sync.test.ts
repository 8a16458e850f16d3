import { sync } from './cases/sync.ts';
import { suite } from './suite.ts';

suite(sync);
