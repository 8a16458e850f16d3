import { goChan } from './cases/go-chan.ts';
import { suite } from './suite.ts';

suite(goChan);
