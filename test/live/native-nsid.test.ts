// RTM_NEWNSID, the one request that writes: sent in the observer namespace and nowhere else.
import { statSync } from 'node:fs';
import t from 'tap';
import type { NetnsIdentity } from '../../src/native/types.js';
import { guardHygiene } from '../support/hygiene.js';
import { testReader } from '../support/native-addon.js';
import { readAll } from '../support/native-records.js';
import { getNsid, message, newNsid, NLM_F_ACK, NLM_F_REQUEST, RTM_NEWNSID } from '../support/native-requests.js';
import { Scratch } from '../support/netns.js';

t.setTimeout(0);

guardHygiene(t);

const EPERM = 1;
const EEXIST = 17;
const scratch = Scratch.create({ after: (fn) => t.after(fn) });

/** Sends RTM_NEWNSID for `named` at `path`, then asks there which id it has: how the first ended, and the id. */
async function giveId(path: string, named: string, id: number, observer?: NetnsIdentity): Promise<[number, string, number]> {
  const reader = testReader();
  const requests = [newNsid(named, id), getNsid(named)];
  const job = { requests, targets: [{ path, requests: [0, 1] }], ...(observer === undefined ? {} : { observer }) };
  const [record] = await readAll(reader, job);
  reader.close();
  const answer = record?.datagrams.find(({ request }) => request === 1)?.bytes ?? new Uint8Array(28);
  const { errno = -1, operation = '' } = record?.ends[0] ?? {};
  // nlmsghdr, rtgenmsg, then NETNSA_NSID.
  return [errno, operation, new DataView(answer.buffer, answer.byteOffset).getInt32(24, true)];
}

t.test('an id is given in the observer namespace and refused everywhere else', async (t) => {
  const [observer, other, named] = [scratch.netns(), scratch.netns(), scratch.netns()];
  const identity = { dev: observer.dev, ino: observer.ino };
  t.strictSame(await giveId(other.path, named.path, 7, identity), [EPERM, 'send', -1]);
  t.strictSame(await giveId(observer.path, named.path, 7), [EPERM, 'send', -1]);
  t.strictSame(await giveId(observer.path, named.path, 7, { dev: observer.dev, ino: observer.ino + 1 }), [EPERM, 'send', -1]);
  t.strictSame(await giveId(observer.path, named.path, 7, { dev: observer.dev + 1, ino: observer.ino }), [EPERM, 'send', -1]);
  t.strictSame(await giveId(observer.path, named.path, 7, identity), [0, 'receive', 7]);
  t.strictSame(await giveId(observer.path, named.path, 8, identity), [EEXIST, 'receive', 7]);
  t.strictSame(await giveId(observer.path, other.path, 8, identity), [0, 'receive', 8]);
});

t.test('the namespace that the process is in is no observer namespace, whatever a job says', async (t) => {
  const named = scratch.netns();
  const { dev, ino } = statSync('/proc/self/ns/net');
  t.strictSame(await giveId('/proc/self/ns/net', named.path, 7, { dev, ino }), [EPERM, 'send', -1]);
});

t.test('only its plain form is taken, and no other request that writes', async (t) => {
  const reader = testReader();
  const refused = [
    message(RTM_NEWNSID, NLM_F_REQUEST, new Uint8Array(20)),
    message(RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK | 0x400, new Uint8Array(20)),
    message(RTM_NEWNSID + 1, NLM_F_REQUEST | NLM_F_ACK, new Uint8Array(20)),
    Buffer.concat([message(RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK, new Uint8Array(20)), new Uint8Array(16)]),
  ];
  for (const bytes of refused) {
    await t.rejects(reader.read({ requests: [{ bytes }], targets: [] }, {}), { code: 'ERR_NSATLAS_ARGUMENT' });
  }
  const wrong = { requests: [], targets: [], observer: { dev: -1, ino: 1 } };
  await t.rejects(reader.read(wrong, {}), { code: 'ERR_NSATLAS_ARGUMENT' });
  reader.close();
});
