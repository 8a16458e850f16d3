import { crossbeam } from './cases/crossbeam.ts';
import { suite } from './suite.ts';

suite(crossbeam);
