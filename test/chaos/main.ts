/** Kills workers at random moments under full traffic, and compares the books afterwards. */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Supervisor } from '../../src/index.ts';
import { Chaos } from '../../src/testing/index.ts';
import { Arena } from './arena.ts';
import { Auditor, sum } from './audit.ts';
import { lanesOf } from './lanes.ts';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '50' }, seed: { type: 'string' } } });
const supervisor = new Supervisor({ sampleInterval: false });
const chaos = new Chaos(supervisor, values.seed === undefined ? {} : { seed: Number(values.seed) });
console.log(`seed ${chaos.seed}`);
const arena = new Arena(supervisor, lanesOf());
const auditor = new Auditor(arena);
await arena.ready();
let kills = 0;
let total = undefined as any;
while (kills < Number(values.kills)) {
  arena.work(arena.round % 2);
  const until = kills + 25;
  while (kills < until) {
    await sleep(chaos.random.int(0, 150));
    const stand = chaos.random.pick(arena.working);
    if (await chaos.kill(chaos.random.pick(stand.places).worker())) kills++;
  }
  await arena.rest();
  const audit = auditor.audit();
  console.log(kills, JSON.stringify(audit), arena.journal.violations);
  total = total ? sum(total, audit) : audit;
}
console.log(total);
await arena.end();
await supervisor.close();
