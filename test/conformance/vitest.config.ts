/** The whole of the conformance suite: every capacity and topology. `npm test` plays a part of it. */

import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

export default mergeConfig(base, {
  test: { env: { SLUICE_CONFORMANCE: 'whole' } },
});
