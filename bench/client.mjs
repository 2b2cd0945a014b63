// A process of its own that watches an agent: notes when changes arrive, and keeps what is known. Usage: client.mjs ADDRESS TABLES
// (separated by commas), forked by agent-process.mjs. An arrival is `key` (what poke.c changed), `value` and `at`, CLOCK_MONOTONIC in ns.
import { createAgentClient } from '../dist/src/client/agent.js';
import { encode } from '../dist/src/wire/codec.js';
import { WatchMerger } from '../dist/src/wire/watch-merge.js';
import { POKED_MAC, valueOfDst } from './poke.mjs';

const [address, tables] = process.argv.slice(2);
const client = createAgentClient(address);
const merger = new WatchMerger();
const arrivals = [];
/** The messages themselves: they are measured when that disturbs nobody. */
const events = [];
const started = performance.now();
let isSynced = false;

function note({ netns, interfaces, fdb }, at) {
  for (const { ifindex, mtu } of interfaces) arrivals.push({ key: `mtu ${netns.id} ${ifindex}`, value: mtu, at });
  for (const { ifindex, mac, dst } of fdb)
    if (mac === POKED_MAC && dst !== undefined) arrivals.push({ key: `fdb ${netns.id} ${ifindex}`, value: valueOfDst(dst), at });
}

const ANSWERS = {
  arrivals: () => arrivals.splice(0),
  sizes: () => events.splice(0).map((event) => encode('nsatlas.v1.WatchResponse', event).length),
  state: () => {
    const { namespaces } = merger.snapshot();
    return {
      links: namespaces.flatMap(({ id, interfaces }) => interfaces.map(({ ifindex, mtu }) => [id, ifindex, mtu])),
      fdb: namespaces.flatMap(({ id, fdb }) => fdb.map(({ ifindex, mac, dst }) => [id, ifindex, mac, dst ?? ''])),
    };
  },
};

process.on('message', ({ id, what }) => process.send({ id, value: ANSWERS[what]() }));
await client.watch(
  { selector: {}, tables: tables.split(','), after: undefined },
  (event) => {
    const at = process.hrtime.bigint();
    if (isSynced && event.netns !== undefined) {
      note(event.netns, at);
      if (events.length < 1000) events.push(event);
    }
    merger.apply(event);
    if (event.synced === undefined || isSynced) return;
    isSynced = true;
    process.send({ syncedMs: performance.now() - started });
  },
  new AbortController().signal,
);
