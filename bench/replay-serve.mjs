// Serves a made-up host over gRPC as `nsatlas agent` serves a real one: the same calls and the same feed, with encoded parts.
import { promisify } from 'node:util';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { WatchFeed } from '../dist/src/serve/feed.js';
import { createCalls } from '../dist/src/rpc/calls.js';
import { serviceDefinition } from '../dist/src/wire/definitions.js';
import { watchMessage } from '../dist/src/wire/watch-bytes.js';

const AGENT = 'nsatlas.v1.Agent';
/** Most bytes that a reader is sent before it has taken them (src/agent/watchers.ts). */
const MOST_BYTES = 64 * 1024;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const LIMITS = { maxCalls: 1000, stallLimitMs: 60_000 };
const nothing = async () => [];

/**
 * @param {import('./replay-live.mjs').ReplayHost} live
 * @param {string} address HOST:PORT
 * @param {() => void} onWatch told when a stream begins
 * @returns {Promise<{ address: string, stop: () => Promise<void> }>}
 */
export async function serveReplay(live, address, onWatch) {
  // Without reflection, of which every server has its own: of 200 that is a gigabyte.
  const calls = createCalls({
    ...LIMITS,
    log: SILENT,
    now: () => performance.now(),
    onCallBegin() {},
    onCall() {},
  });
  const server = new Server();
  server.addService(serviceDefinition(AGENT), handlers(calls, live, onWatch));
  const port = await promisify(server.bindAsync.bind(server))(address, ServerCredentials.createInsecure());
  return { address: address.replace(/\d+$/, String(port)), stop: async () => server.forceShutdown() };
}

function handlers(calls, live, onWatch) {
  const lists = ['Snapshot', 'Netns', 'Interfaces', 'Vxlans', 'VethPairs', 'Fdb', 'Neighbors', 'Routes'];
  return {
    ...Object.fromEntries(lists.map((name) => [name === 'Snapshot' ? 'GetSnapshot' : `List${name}`, calls.stream(nothing)])),
    GetStatus: calls.unary(async () => new Uint8Array()),
    Watch: calls.feed((request, stream) => {
      onWatch();
      return watch(live, request, stream);
    }),
  };
}

/** Never ends but by an error. */
async function watch(live, { after, heartbeatMs }, stream) {
  const steps = new WatchFeed(live, { selector: {}, tables: [], after }, live.maker()).steps();
  let cursor = { epoch: live.epoch, revision: 0n };
  for (;;) {
    const messages = [];
    let waits = false;
    for (let bytes = 0; !waits && bytes < MOST_BYTES; ) {
      const { value: step } = steps.next();
      if (step === 'wait') waits = true;
      else if (step !== 'again') {
        const message = watchMessage(step.cursor, step.body);
        cursor = step.cursor;
        bytes += message.length;
        messages.push(message);
      }
    }
    if (messages.length > 0) await stream.write(messages);
    if (!waits || live.revision !== Number(cursor.revision)) continue;
    const changed = await nextChange(live, heartbeatMs, stream.signal);
    if (!changed) await stream.write([watchMessage(cursor, live.synced)]);
  }
}

/** False when there was none for so long. @throws signal.reason */
function nextChange(live, heartbeatMs, signal) {
  return new Promise((resolve, reject) => {
    const done = (settle, value) => {
      clearTimeout(timer);
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
      settle(value);
    };
    const onAbort = () => done(reject, signal.reason);
    const unsubscribe = live.subscribe(() => done(resolve, true));
    const timer = heartbeatMs > 0 ? setTimeout(() => done(resolve, false), Math.max(500, heartbeatMs)) : undefined;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
