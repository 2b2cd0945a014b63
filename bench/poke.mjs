// Changes made by poke.c, and when they arrived at a client.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { shuffled } from './rounds.mjs';

/** The forwarding entry that poke.c replaces on each of its vxlans. */
export const POKED_MAC = '02:70:6f:6b:65:01';

/** poke.c's dst is 198.18.0.0 and the value in the last two bytes; NaN for others. @param {string} dst */
export function valueOfDst(dst) {
  const [a, b, high, low] = dst.split('.').map(Number);
  return a === 198 && b === 18 ? high * 256 + low : Number.NaN;
}

/**
 * Chooses what is changed. An mtu of eth0 in a container: an address-less change that a bridge does not follow. One of a port of the host's
 * bridge; a forwarding entry of an overlay's vxlan.
 * @param {{ path: string, netnsId: string, ifindex: number, name: string }[]} interfaces
 * @param {{ containers: number, ports: number, fdb: number }} most of each
 * @returns {{ what: 'mtu' | 'fdb', path: string, ifindex: number, key: string }[]} `key` as client.mjs has it
 */
export function chooseTargets(interfaces, { containers, ports, fdb }) {
  const some = (what, most, wanted) =>
    shuffled(interfaces.filter(({ name }) => wanted(name)))
      .slice(0, most)
      .map(({ path, netnsId, ifindex }) => ({ what, path, ifindex, key: `${what} ${netnsId} ${ifindex}` }));
  return [
    ...some('mtu', containers, (name) => name === 'eth0'),
    ...some('mtu', ports, (name) => name.startsWith('vgw')),
    ...some('fdb', fdb, (name) => name === 'vxlan0'),
  ];
}

/**
 * Runs poke.c.
 * @param {object} plan
 * @param {number} plan.count changes
 * @param {[number, number]} plan.gapUs shortest and longest time between the beginnings of two
 * @param {number} plan.first value of the first change of a target; has to be higher than those of earlier runs
 * @returns {Promise<{ key: string, value: number, sent: bigint, acknowledged: bigint }[]>}
 */
export async function runPoke(poke, targets, { count, gapUs: [shortest, longest], first }) {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const child = spawn(poke, [count, shortest, longest, first, seed].map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(targets.map(({ what, path, ifindex }) => `${what} ${path} ${ifindex}\n`).join(''));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`poke has ended with ${status}`);
  const lines = text.trim().split('\n');
  return lines.map((line) => {
    const [target, value, sent, acknowledged] = line.split(' ');
    return { key: targets[target].key, value: Number(value), sent: BigInt(sent), acknowledged: BigInt(acknowledged) };
  });
}

/**
 * How long each change took to arrive. One that was followed by another before it was read has arrived with that.
 * @returns {{ fromSentMs: number[], fromAcknowledgedMs: number[], lost: number }} `lost`: changes of which nothing came
 */
export function latencies(changes, arrivals) {
  const byKey = groupByKey(arrivals);
  const [fromSentMs, fromAcknowledgedMs] = [[], []];
  let lost = 0;
  const next = new Map();
  for (const { key, value, sent, acknowledged } of changes) {
    const told = byKey.get(key) ?? [];
    let at = next.get(key) ?? 0;
    while (at < told.length && !(told[at].value >= value)) at++;
    next.set(key, at);
    const arrival = told[at];
    if (arrival === undefined) lost++;
    else {
      fromSentMs.push(Number(arrival.at - sent) / 1e6);
      fromAcknowledgedMs.push(Number(arrival.at - acknowledged) / 1e6);
    }
  }
  return { fromSentMs, fromAcknowledgedMs, lost };
}

function groupByKey(arrivals) {
  const groups = new Map();
  for (const arrival of arrivals) {
    const group = groups.get(arrival.key);
    if (group === undefined) groups.set(arrival.key, [arrival]);
    else group.push(arrival);
  }
  return groups;
}
