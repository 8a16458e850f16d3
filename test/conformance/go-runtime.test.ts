import { goRuntime } from './cases/go-runtime.ts';
import { suite } from './suite.ts';

suite(goRuntime);
