// A process of its own that watches a collector: notes when changes arrive, and keeps what is known of each host. Usage: collector-client.mjs
// ADDRESS, forked by collector-rig.mjs; answers { id, what } with { id, value }.
import { Client, credentials } from '@grpc/grpc-js';
import { decode, encode } from '../dist/src/wire/codec.js';
import { WatchMerger } from '../dist/src/wire/watch-merge.js';
import { digestOfNamespaces } from './replay-digest.mjs';
import { stampOf } from './replay-host.mjs';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const hosts = new Map();
const arrivals = [];
let isSynced = false;

function mergerOf(host) {
  let merger = hosts.get(host);
  if (merger === undefined) hosts.set(host, (merger = new WatchMerger()));
  return merger;
}

/** As ReplayHost calls its changes. */
function note(host, { netns, interfaces, fdb, neighbors }, at) {
  for (const { alias } of interfaces)
    if (alias?.startsWith('change ')) arrivals.push({ key: `link ${host} ${netns.id}`, value: Number(alias.slice(7)), at });
  for (const [table, rows] of Object.entries({ fdb, neighbors })) {
    for (const { mac } of rows) {
      const stamp = stampOf(mac);
      if (stamp !== undefined) arrivals.push({ key: `${table} ${host} ${netns.id} ${stamp.slot}`, value: stamp.value, at });
    }
  }
}

function take({ host, event, forgotten, synced }) {
  const at = process.hrtime.bigint();
  if (event !== undefined) {
    if (isSynced && event.netns !== undefined) note(host, event.netns, at);
    mergerOf(host).apply(event);
  }
  if (forgotten !== undefined) hosts.delete(host);
  if (synced === undefined || isSynced) return;
  isSynced = true;
  process.send({ synced: true });
}

const ANSWERS = {
  arrivals: () => arrivals.splice(0),
  states: () =>
    Object.fromEntries([...hosts].map(([host, merger]) => [host, digestOfNamespaces(merger.snapshot()?.namespaces ?? [])])),
};

process.on('message', ({ id, what }) => process.send({ id, value: ANSWERS[what]() }));
process.once('disconnect', () => process.exit(0));

const client = new Client(process.argv[2], credentials.createInsecure(), {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
});
const request = encode('nsatlas.v1.CollectorWatchRequest', { tables: [], after: [], heartbeatMs: 0 });
const asTheyAre = (bytes) => bytes;
const call = client.makeServerStreamRequest('/nsatlas.v1.Collector/Watch', asTheyAre, asTheyAre, request);
for await (const bytes of call) take(decode('nsatlas.v1.CollectorWatchResponse', bytes));
throw new Error('the stream has ended');
