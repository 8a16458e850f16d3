/** How a worker with a TypeScript entry is started without the help of a supervisor. */

import { execArgvFor } from '../../src/supervisor/typescript.ts';

export const execArgv = execArgvFor(new URL(import.meta.url)) ?? [];
