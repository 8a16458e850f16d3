/** Nothing is left out any longer than it has to be. */

import { afterAll, expect, test } from 'vitest';
import { newSupervisor } from '../support/supervisors.ts';
import { missingFrom, NOT_YET } from './built.ts';

const supervisor = newSupervisor();
afterAll(() => supervisor.close());

test('what cases do without is what is not built yet: take off the list what is', () => {
  expect(missingFrom(supervisor)).toEqual(NOT_YET);
});
