import { passing } from './cases/passing.ts';
import { suite } from './suite.ts';

suite(passing);
