import { crossbeamSelect } from './cases/crossbeam-select.ts';
import { suite } from './suite.ts';

suite(crossbeamSelect);
