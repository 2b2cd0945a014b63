// Microseconds per link, by what the link is, over bytes that the kernel gave.
import { DumpDecoder } from '../dist/src/decode/dump.js';
import { createNetnsReader } from '../dist/src/native/index.js';
import { MessageReader } from '../dist/src/netlink/messages.js';
import { dumpLinks } from '../dist/src/netlink/requests.js';
import { median } from './rounds.mjs';

const LINKS_PER_ROUND = 3_000;
const ROUNDS = 7;
const WARM_UP = 3;
/** nlmsghdr, linux/netlink.h, v6.12 */
const NLMSG_HDRLEN = 16;

/** @returns {Promise<{ title: string, us: number, bytes: number }[]>} medians, and the mean size of such a message */
export async function measureDecoding(paths) {
  const groups = new Map();
  for (const message of await capture(paths)) groups.set(message.title, [...(groups.get(message.title) ?? []), message]);
  return [...groups].map(([title, messages]) => {
    const samples = messages.slice(0, 200);
    const times = Array.from({ length: WARM_UP + ROUNDS }, () => time(samples)).slice(WARM_UP);
    return { title, us: median(times), bytes: samples.reduce((sum, { view }) => sum + view.byteLength, 0) / samples.length };
  });
}

function time(samples) {
  const passes = Math.ceil(LINKS_PER_ROUND / samples.length);
  const started = performance.now();
  for (let pass = 0; pass < passes; pass++) {
    const decoder = new DumpDecoder();
    for (const { view } of samples) decoder.datagram(view, 0, view.byteLength);
    if (decoder.links.length !== samples.length) throw new Error('a link was not decoded');
  }
  return ((performance.now() - started) * 1000) / (passes * samples.length);
}

/** Link messages, each with a copy of its bytes. */
async function capture(paths) {
  const reader = createNetnsReader();
  const found = [];
  const datagram = (_at, _request, view, start, end) => {
    const messages = new MessageReader(view, start, end);
    while (messages.next()) {
      const copy = view.buffer.slice(view.byteOffset + messages.offset - NLMSG_HDRLEN, view.byteOffset + messages.end);
      const one = new DumpDecoder();
      one.datagram(new DataView(copy), 0, copy.byteLength);
      if (one.links.length === 1) found.push({ title: titleOf(one.links[0]), view: new DataView(copy) });
    }
  };
  await reader.read(
    { requests: [{ bytes: dumpLinks() }], targets: paths.map((path) => ({ path, requests: [0] })) },
    { datagram },
  );
  reader.close();
  return found;
}

function titleOf({ kind, masterIfindex }) {
  return `${kind ?? 'lo'}${masterIfindex === undefined ? '' : ', bridge port'}`;
}
