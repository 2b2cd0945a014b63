import assert from 'node:assert/strict';
import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { ListName } from '../../src/model/lists.js';
import { listHost } from '../../src/serve/view.js';
import { toJson } from '../../src/wire/json.js';
import { LIST_RPCS, type MessageName } from '../../src/wire/messages.js';
import { encode } from '../../src/wire/codec.js';
import { ROOT } from '../support/root.js';
import { fakeNetns, fakeSnapshot } from '../unit/agent/fake-host.js';
import { MAXIMAL } from '../unit/wire/maximal.js';
import { snapshot } from '../unit/wire/maximal-model.js';
import { begunCurl, BUF, curl, messagesOf, run, scratch, serve } from './agent-rig.js';

t.setTimeout(0);

for (const protocol of ['grpc-v1', 'grpc-v1alpha']) {
  t.test(`a foreign client lists services and methods through reflection ${protocol} alone`, async (t) => {
    const { address } = await serve(t, () => snapshot);
    const services = await curl(address, '', ['--list-services', '--reflect-protocol', protocol]);
    t.equal(services.status, 0, services.stderr);
    const names = [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'nsatlas.v1.Agent',
    ];
    t.strictSame(services.stdout.trim().split('\n'), names);
    const methods = await curl(address, '', ['--list-methods', '--reflect-protocol', protocol]);
    for (const method of ['GetStatus', 'GetSnapshot', ...Object.values(LIST_RPCS).map((rpc) => `List${rpc}`)]) {
      t.match(methods.stdout, new RegExp(`^nsatlas\\.v1\\.Agent/${method}$`, 'm'));
    }
    const called = await curl(address, '/nsatlas.v1.Agent/ListNetns', ['-d', '{}', '--reflect-protocol', protocol]);
    t.equal(called.status, 0, called.stderr);
  });
}

t.test('a foreign client calls each RPC, and gets the JSON that we print', async (t) => {
  const { address, client, source } = await serve(t, () => snapshot);
  for (const [name, rpc] of Object.entries(LIST_RPCS) as [ListName, string][]) {
    const said = await curl(address, `/nsatlas.v1.Agent/List${rpc}`, ['-d', '{}']);
    assert.equal(said.status, 0, said.stderr);
    const messages = messagesOf(said.stdout) as { items?: unknown[]; gaps?: unknown[] }[];
    const all = <Key extends 'items' | 'gaps'>(key: Key): unknown[] => messages.flatMap((message) => message[key] ?? []);
    const listing = listHost(name, source, {});
    for (const item of listing.items as { rowId?: unknown }[]) delete item.rowId;
    const ours = JSON.parse(toJson(listing)) as { items: unknown[]; gaps: unknown[] };
    assert.deepEqual({ items: all('items'), gaps: all('gaps') }, ours, rpc);
    const { freshness, ...known } = await client.list(name, {});
    assert.deepEqual([known, freshness?.mode], [listing, 'EVENTS'], rpc);
  }
  const status = messagesOf((await curl(address, '/nsatlas.v1.Agent/GetStatus', ['-d', '{}'])).stdout)[0] as Record<
    string,
    unknown
  >;
  t.strictSame(
    [(status['host'] as { id: string }).id, status['namespaces'], status['features']],
    ['h1', 1, [{ name: 'enter', enabled: true, detail: 'works' }]],
  );
  const parts = messagesOf((await curl(address, '/nsatlas.v1.Agent/GetSnapshot', ['-d', '{}'])).stdout) as Record<
    string,
    unknown
  >[];
  assert.deepEqual(withoutZeros(joined(parts)), withoutZeros(JSON.parse(toJson(await client.snapshot({}, [])))));
});

t.test('buf prints every message as we do: unset and zero values, times, bytes, 64-bit numbers, maps', async (t) => {
  // buf convert uses the same JSON as buf curl, and takes any message.
  const bare = { ...snapshot, host: { ...snapshot.host, engines: [] }, namespaces: [fakeNetns(1)], gaps: [], networks: [] };
  const models: [MessageName, object][] = [
    ...(Object.entries(MAXIMAL) as [MessageName, object][]),
    ['nsatlas.v1.HostSnapshot', bare],
  ];
  const folder = scratch(t);
  for (const [name, model] of models.filter(([type]) => type.startsWith('nsatlas.'))) {
    const file = join(folder, 'message.binpb');
    writeFileSync(file, encode(name, model as never));
    const said = await run(BUF, ['convert', join(ROOT, 'proto'), '--type', name, '--from', file, '--to', '-#format=json']);
    t.equal(said.status, 0, said.stderr);
    t.strictSame(JSON.parse(said.stdout), withoutZeros(JSON.parse(toJson(model))), name);
  }
});

/** The parts of a snapshot put together: of a namespace, too, each part has some of the rows. */
function joined(parts: readonly object[]): object {
  const whole: Record<string, unknown> = {};
  for (const [key, value] of parts.flatMap((part) => Object.entries(part) as [string, unknown][])) {
    const list = Array.isArray(value) ? (value as unknown[]) : undefined;
    if (key !== 'namespaces') whole[key] = list === undefined ? value : [...((whole[key] as unknown[]) ?? []), ...list];
    else whole[key] = [joined([...((whole[key] as object[]) ?? []), ...(value as object[])])];
  }
  return whole;
}

/** Our JSON has values of zero that are always present; buf writes them with --emit-defaults only. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => !(Array.isArray(item) && item.length === 0) && item !== 0);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutZeros(item)]));
}

t.test(
  'the descriptors that reflection serves are whole: buf builds them, with maps, optionals, times and comments',
  async (t) => {
    const { address } = await serve(t, () => snapshot);
    const files = await reflectedFiles(address, 'nsatlas.v1.Agent');
    const set = descriptor.FileDescriptorSet.encode({
      file: files.map((file) => descriptor.FileDescriptorProto.decode(file)),
    }).finish();
    const file = join(scratch(t), 'set.binpb');
    writeFileSync(file, set);
    const built = await run(BUF, ['build', file, '-o', '-#format=json']);
    t.equal(built.status, 0, built.stderr);
    const { file: described } = JSON.parse(built.stdout) as { file: Described[] };
    const model = described.find(({ name }) => name === 'nsatlas/v1/model.proto');
    const netns = model?.messageType.find(({ name }) => name === 'Netns');
    t.ok(netns?.field.find(({ name }) => name === 'cookie')?.proto3Optional);
    t.ok(model?.messageType.find(({ name }) => name === 'Owner')?.nestedType?.some(({ options }) => options?.mapEntry === true));
    t.ok(model?.sourceCodeInfo?.location.some(({ leadingComments }) => leadingComments?.includes('one network namespace')));
    t.ok(described.some(({ name }) => name === 'google/protobuf/timestamp.proto'));
    const said = await run(
      BUF,
      ['convert', file, '--type', 'nsatlas.v1.HostSnapshot', '--from', '-#format=json', '--to', '-#format=binpb'],
      { input: toJson(snapshot) },
    );
    t.equal(said.status, 0, said.stderr);
  },
);

interface Described {
  name: string;
  messageType: {
    name: string;
    field: { name: string; proto3Optional?: boolean }[];
    nestedType?: { options?: { mapEntry?: boolean } }[];
  }[];
  sourceCodeInfo?: { location: { leadingComments?: string }[] };
}

/** ServerReflectionInfo by hand: field 4 of the request is file_containing_symbol, field 4.1 of the response the files. */
async function reflectedFiles(address: string, symbol: string): Promise<Uint8Array[]> {
  const client = new Client(address, credentials.createInsecure());
  const asIs = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', asIs, asIs);
  try {
    const answer = new Promise<Buffer>((resolve, reject) => call.once('data', resolve).once('error', reject));
    call.write(Buffer.concat([Buffer.from([0x22, symbol.length]), Buffer.from(symbol)]));
    const response = await answer;
    const files = fieldsOf(response).find(({ number }) => number === 4)?.bytes ?? Buffer.alloc(0);
    return fieldsOf(files).map(({ bytes }) => bytes);
  } finally {
    call.end();
    client.close();
  }
}

/** The length-delimited fields of a message. */
function fieldsOf(message: Buffer): { number: number; bytes: Buffer }[] {
  const fields: { number: number; bytes: Buffer }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const number = varint() >>> 3;
    const length = varint();
    fields.push({ number, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

t.test('health: Check, List and Watch work for a foreign client, and an unknown service is NOT_FOUND', async (t) => {
  const { address, agent } = await serve(t, () => snapshot);
  const check = (service: string) => curl(address, '/grpc.health.v1.Health/Check', ['-d', JSON.stringify({ service })]);
  t.strictSame(messagesOf((await check('')).stdout), [{ status: 'SERVING' }]);
  t.strictSame(messagesOf((await check('nsatlas.v1.Agent')).stdout), [{ status: 'SERVING' }]);
  t.match((await check('nobody')).stderr, /not_found[\s\S]*no service/);
  const list = await curl(address, '/grpc.health.v1.Health/List', ['-d', '{}']);
  t.strictSame(messagesOf(list.stdout), [{ statuses: { '': { status: 'SERVING' }, 'nsatlas.v1.Agent': { status: 'SERVING' } } }]);
  const watch = await begunCurl(address, '/grpc.health.v1.Health/Watch', ['-d', '{"service":"nsatlas.v1.Agent"}']);
  await agent.drain(5000);
  t.strictSame(messagesOf((await watch.ended).stdout), [{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
});

t.test('a selector narrows what a foreign client gets, and a malformed one is INVALID_ARGUMENT naming the field', async (t) => {
  const { address } = await serve(t, () => fakeSnapshot([fakeNetns(1), fakeNetns(2, { role: 'OVERLAY' })]));
  const call = (selector: object) => curl(address, '/nsatlas.v1.Agent/ListNetns', ['-d', JSON.stringify({ selector })]);
  const [chosen] = messagesOf((await call({ roles: ['OVERLAY'] })).stdout) as { items: { id: string }[] }[];
  t.strictSame(
    chosen?.items.map(({ id }) => id),
    ['net:[2]'],
  );
  assert.deepEqual(messagesOf((await call({ netns: ['net:[7]'] })).stdout), [
    { freshness: { mode: 'EVENTS', rescanMs: 60_000 } },
  ]);
  for (const [selector, field] of [
    [{ ips: ['x'] }, 'selector.ips[0]'],
    [{ macs: ['x'] }, 'selector.macs[0]'],
    [{ netns: ['net:['] }, 'selector.netns[0]'],
    [{ roles: [99] }, 'selector.roles[0]'],
  ] as const) {
    const { status, stderr } = await call(selector);
    t.not(status, 0);
    t.match(stderr, /invalid_argument/);
    t.ok(stderr.includes(field), stderr);
  }
});
