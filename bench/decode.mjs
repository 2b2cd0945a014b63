// Microseconds per link, by what the link is, over bytes that the kernel gave: whole messages, as a one-shot read decodes them, and what the
// reader remembers of them, as a live host does.
import { DumpDecoder } from '../dist/test/support/dump.js';
import { decodeLink } from '../dist/src/tables/links/link.js';
import { createNetnsReader } from '../dist/src/native/index.js';
import { MessageReader } from '../dist/src/netlink/messages.js';
import { dumpLinks, LINKS } from '../dist/src/tables/links/index.js';
import { median } from './rounds.mjs';

const LINKS_PER_ROUND = 3_000;
const ROUNDS = 7;
const WARM_UP = 3;

/** @returns {Promise<{ title: string, us: number, bytes: number }[]>} medians, and the mean size of such a message's payload */
export async function measureDecoding(paths) {
  const whole = await captureMessages(paths);
  const remembered = await captureRows(paths);
  return [...measure(whole, ''), ...measure(remembered, ', remembered')];
}

function measure(views, suffix) {
  const groups = new Map();
  for (const view of views) {
    const title = titleOf(decodeLink(view, 0, view.byteLength)) + suffix;
    groups.set(title, [...(groups.get(title) ?? []), view]);
  }
  return [...groups].map(([title, group]) => {
    const samples = group.slice(0, 200);
    const times = Array.from({ length: WARM_UP + ROUNDS }, () => time(samples)).slice(WARM_UP);
    return { title, us: median(times), bytes: samples.reduce((sum, view) => sum + view.byteLength, 0) / samples.length };
  });
}

function time(samples) {
  const passes = Math.ceil(LINKS_PER_ROUND / samples.length);
  const started = performance.now();
  for (let pass = 0; pass < passes; pass++) {
    for (const view of samples)
      if (decodeLink(view, 0, view.byteLength) instanceof Error) throw new Error('a link was not decoded');
  }
  return ((performance.now() - started) * 1000) / (passes * samples.length);
}

/** Payloads of link messages, each a copy. */
async function captureMessages(paths) {
  const reader = createNetnsReader();
  const found = [];
  const datagram = (_at, _request, view, start, end) => {
    const decoder = new DumpDecoder();
    decoder.datagram(view, start, end);
    if (decoder.errors.length > 0) throw decoder.errors[0];
    const messages = new MessageReader(view, start, end);
    for (let left = decoder.links.length; left > 0 && messages.next(); left--)
      found.push(copyOf(view, messages.offset, messages.end));
  };
  await reader.read(
    { requests: [{ bytes: dumpLinks() }], targets: paths.map((path) => ({ path, requests: [0] })) },
    { datagram },
  );
  reader.close();
  return found;
}

/** What the reader remembers of the same links. */
async function captureRows(paths) {
  const reader = createNetnsReader({ rowFormats: [LINKS.format] });
  const found = [];
  const rowAdded = (_at, _request, _slot, view, start, end) => found.push(copyOf(view, start, end));
  const requests = [{ bytes: dumpLinks(), rows: { format: 0 } }];
  await reader.read({ requests, targets: paths.map((path, at) => ({ path, requests: [0], key: at + 1 })) }, { rowAdded });
  reader.close();
  return found;
}

function copyOf(view, start, end) {
  return new DataView(view.buffer.slice(view.byteOffset + start, view.byteOffset + end));
}

function titleOf({ kind, masterIfindex }) {
  return `${kind ?? 'lo'}${masterIfindex === undefined ? '' : ', bridge port'}`;
}
