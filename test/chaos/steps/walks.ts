/** The operations that are walked through, and what must be so wherever they end. */

import type { Topology } from '../../../src/index.ts';
import { KINDS, type Kind } from './messages.ts';
import { FROM_SURVIVOR, FROM_VICTIM, HALF_THE_POOL } from './operations.ts';
import { must, type Scene, type Walk } from './walk.ts';

const TOPOLOGIES: readonly Topology[] = ['mpmc', 'spsc'];
/** From the test, after the death. */
const LATER = 7;

function each(make: (topology: Topology, kind: Kind) => Walk): Walk[] {
  return TOPOLOGIES.flatMap((topology) => KINDS.map((kind) => make(topology, kind)));
}

function mustEqual(met: readonly number[], expected: readonly number[], what: string): void {
  must(String(met) === String(expected), `${what}: expected messages [${expected}], met [${met}]`);
}

/** What became of the message that a victim was receiving: it stayed, was lost and counted, or was handed to it. */
async function judgeReceive(scene: Scene): Promise<string> {
  await scene.send(LATER);
  const { lost, finished } = scene;
  const left = scene.drain();
  if (left[0] === 0) {
    mustEqual(left, [0, 1, LATER], 'nothing was taken');
    must(lost === 0, `expected nothing counted as lost, met ${lost}`);
    must(!finished, 'the victim received a message that is still there');
    return 'stayed';
  }
  mustEqual(left, [1, LATER], 'one was taken');
  must(lost <= 1, `expected at most one message counted as lost, met ${lost}`);
  must(!(finished && lost > 0), 'a message that was received was counted as lost');
  return lost === 1 ? 'lost' : 'handed over';
}

async function judgeSend(scene: Scene): Promise<string> {
  await scene.send(LATER);
  const left = scene.drain();
  const accepted = left.includes(FROM_VICTIM);
  const before = scene.walk.messages === 0 ? [] : [0];
  mustEqual(left, [...before, ...(accepted ? [FROM_VICTIM] : []), LATER], 'after a send');
  must(scene.lost === 0, `expected nothing counted as lost, met ${scene.lost}`);
  must(accepted || !scene.finished, 'a message whose send returned is not there');
  return accepted ? 'accepted' : 'refused';
}

/** Somebody sleeps until there is a message: the victim's, if it was accepted, or another's. */
async function judgeSendToSleeper(scene: Scene): Promise<string> {
  if (scene.channel.length > 0) must(await scene.survivorFinishes(), 'a receiver sleeps though there is a message');
  await scene.send(LATER);
  must(await scene.survivorFinishes(), 'a receiver sleeps for ever');
  const accepted = scene.channel.length === 1;
  must(accepted || !scene.finished, 'a message whose send returned did not arrive');
  return accepted ? 'accepted' : 'refused';
}

/** Somebody sleeps until there is room: the victim's, if it took a message, or another's. */
async function judgeReceiveFromSleeper(scene: Scene): Promise<string> {
  const first = await scene.receive();
  const stayed = first === 0;
  must(!(stayed && scene.finished), 'the victim received a message that is still there');
  must(await scene.survivorFinishes(), 'a sender sleeps though there is room');
  mustEqual([...(stayed ? [] : [first]), ...scene.drain()], [FROM_SURVIVOR], 'after a receive from a sleeper');
  if (stayed) return 'stayed';
  return scene.lost > 0 ? 'lost' : 'handed over';
}

/** At least once, a message that its receiver did not acknowledge comes again, and no other does. */
async function judgeDelivery(scene: Scene): Promise<string> {
  const left = scene.drain();
  const acknowledged = left.length === 1;
  mustEqual(left, acknowledged ? [1] : [0, 1], 'after a delivery');
  must(scene.lost === 0, `expected nothing counted as lost, met ${scene.lost}`);
  must(!acknowledged || scene.walk.victim === 'acknowledge', 'a message is gone that nobody acknowledged');
  must(acknowledged || !scene.finished || scene.walk.victim !== 'acknowledge', 'an acknowledged message came again');
  return acknowledged ? 'acknowledged' : 'came again';
}

/** There is as much memory as before. */
async function judgeLease(scene: Scene): Promise<string> {
  const { pool } = scene.supervisor;
  using held = pool.tryLease(HALF_THE_POOL);
  must(held !== undefined, 'expected memory for half the pool, met less');
  return 'given back';
}

async function judgeRelease(scene: Scene): Promise<string> {
  must(await scene.survivorFinishes(), 'somebody sleeps though there is memory');
  return 'released';
}

async function judgeClose(scene: Scene): Promise<string> {
  if (!scene.channel.closed) {
    must(!scene.finished, 'a closed channel is open');
    scene.channel.close();
  }
  must(await scene.survivorFinishes(), 'a receiver of a closed channel sleeps');
  return 'closed';
}

export const WALKS: readonly Walk[] = [
  ...(['receive', 'select to receive'] as const).flatMap((victim) =>
    each((topology, kind) => ({
      name: `${topology}: ${victim} (${kind})`,
      topology,
      kind,
      capacity: 4,
      messages: 2,
      victim,
      judge: judgeReceive,
    })),
  ),
  ...(['send', 'select to send'] as const).flatMap((victim) => [
    ...each((topology, kind) => ({
      name: `${topology}: ${victim} (${kind})`,
      topology,
      kind,
      capacity: 4,
      messages: topology === 'spsc' ? 0 : 1,
      victim,
      judge: judgeSend,
    })),
    ...each((topology, kind) => ({
      name: `${topology}: ${victim} to a sleeper (${kind})`,
      topology,
      kind,
      capacity: 4,
      messages: 0,
      victim,
      survivor: victim === 'send' ? 'receive' : 'select to receive',
      judge: judgeSendToSleeper,
    })),
  ]),
  ...KINDS.flatMap((kind) =>
    (['receive', 'acknowledge', 'hand back'] as const).map(
      (victim): Walk => ({
        name: `at least once: ${victim} (${kind})`,
        topology: 'mpmc',
        delivery: 'at-least-once',
        kind,
        capacity: 4,
        messages: 2,
        victim,
        judge: judgeDelivery,
      }),
    ),
  ),
  ...TOPOLOGIES.map(
    (topology): Walk => ({
      name: `${topology}: receive from a sleeper`,
      topology,
      kind: 'inline',
      capacity: 1,
      messages: 0,
      victim: 'receive',
      survivor: 'fill and send',
      judge: judgeReceiveFromSleeper,
    }),
  ),
  {
    name: 'lease the first block of a size',
    topology: 'mpmc',
    kind: 'inline',
    capacity: 1,
    messages: 0,
    victim: 'lease',
    judge: judgeLease,
  },
  {
    name: 'release to a sleeper',
    topology: 'mpmc',
    kind: 'inline',
    capacity: 1,
    messages: 0,
    victim: 'release',
    survivor: 'lease and release',
    judge: judgeRelease,
  },
  {
    name: 'close before a sleeper',
    topology: 'mpmc',
    kind: 'inline',
    capacity: 1,
    messages: 0,
    victim: 'close',
    survivor: 'await the end',
    judge: judgeClose,
  },
];
