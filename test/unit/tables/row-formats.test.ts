import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { decodeAddress } from '../../../src/tables/addresses.js';
import { decodeLink } from '../../../src/tables/links/link.js';
import type { Decoded } from '../../../src/tables/shared/result.js';
import { ROW_TABLES, SOURCE_NAMES, SOURCES, type SourceName, sourceOf } from '../../../src/tables/index.js';
import { encodeRowFormats } from '../../../src/native/row-formats.js';
import { DecodeError } from '../../../src/netlink/error.js';
import { MessageReader } from '../../../src/netlink/messages.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { answerOf } from '../../support/dump.js';
import { filterPayload } from '../../support/attribute-filter.js';
import { captures, FIXTURES, readCapture, readDatagrams, viewOf } from '../../support/fixture.js';
import { attribute, ifinfomsg, join, text, u32 } from '../../support/message-builder.js';
import { stripVolatile } from '../../support/strip-volatile.js';

const SEED = 20261121;
Error.stackTraceLimit = 0;

/** A message's payload. */
interface Sample {
  readonly name: string;
  readonly table: SourceName;
  readonly payload: Uint8Array;
}

function decode(table: SourceName, payload: Uint8Array): Decoded<object> {
  const view = viewOf(payload);
  if (table === 'LINKS') return decodeLink(view, 0, payload.length);
  if (table === 'ADDRESSES') return decodeAddress(view, 0, payload.length);
  const found = ROW_TABLES.find(({ name }) => name === table);
  if (found === undefined) throw new Error(`there is no table ${table}`);
  return found.decode(view, 0, payload.length);
}

function tableOf(type: number, family: number | undefined): SourceName | undefined {
  if (type === uapi.RTM_NEWNEIGH) return family === uapi.AF_BRIDGE ? 'FDB' : 'NEIGHBORS';
  return SOURCES.find(({ requests: [first] }) => first !== undefined && answerOf(first) === type)?.name;
}

function samplesOf(name: string, datagrams: readonly Uint8Array[]): Sample[] {
  return datagrams.flatMap((datagram) => {
    const messages = new MessageReader(viewOf(datagram), 0, datagram.length);
    const samples: Sample[] = [];
    while (messages.next()) {
      const payload = datagram.slice(messages.offset, messages.end);
      const table = tableOf(messages.type, payload[0]);
      if (table !== undefined) samples.push({ name, table, payload });
    }
    return samples;
  });
}

/** The IFLA_LINKINFO of every kind's fixtures, in a link of its own. */
function kindSamples(): Sample[] {
  const folder = joinPath(FIXTURES, 'kinds');
  return readdirSync(folder).flatMap((kind) =>
    readdirSync(joinPath(folder, kind))
      .filter((file) => file.endsWith('.bin'))
      .map((file): Sample => {
        const info = attribute(uapi.IFLA_LINKINFO, new Uint8Array(readFileSync(joinPath(folder, kind, file))));
        const payload = join(ifinfomsg(9), info, attribute(uapi.IFLA_IFNAME, text('x')), attribute(uapi.IFLA_LINK, u32(7)));
        return { name: `kinds/${kind}/${file}`, table: 'LINKS', payload };
      }),
  );
}

/** The same tables, three seconds apart: test/fixtures/later/build.sh. */
function later(which: 'before' | 'after'): Sample[] {
  const folder = joinPath(FIXTURES, 'later');
  return readdirSync(folder)
    .filter((file) => file.endsWith(`-${which}.bin`))
    .flatMap((file) => samplesOf(`later/${file}`, readCapture(joinPath(folder, file))));
}

/** Nothing is lost and nothing else comes out; what cannot be decoded as a whole says nothing of its parts. */
function assertFaithful({ name, table, payload }: Sample): boolean {
  const whole = decode(table, payload);
  if (whole instanceof DecodeError) return false;
  const remembered = filterPayload(sourceOf(table).format, payload);
  assert.ok(remembered.length <= payload.length);
  assert.deepEqual(decode(table, remembered), stripVolatile(whole), name);
  return true;
}

function remembered({ table, payload }: Sample): string {
  return Buffer.from(filterPayload(sourceOf(table).format, payload)).toString('hex');
}

t.test('what is remembered of a row', async (t) => {
  const samples = [
    ...captures().flatMap(({ scenario, name }) => samplesOf(`${scenario}/${name}`, readDatagrams(scenario, name))),
    ...kindSamples(),
    ...later('before'),
  ];

  t.test('decodes as the whole message does, less what changes by itself, for every committed message', async (t) => {
    for (const table of SOURCE_NAMES)
      t.ok(
        samples.some((sample) => sample.table === table),
        `test/fixtures has no captured answer of ${table}`,
      );
    for (const sample of samples) t.ok(assertFaithful(sample), sample.name);
  });

  t.test('decodes as the message does when bytes of it are something else', async (t) => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 3, 4, 5, 8, 0x7f, 0x80, 0xff), fc.nat(0xff)));
    let decoded = 0;
    const property = fc.property(fc.nat(samples.length - 1), fc.array(change, { maxLength: 4 }), (which, changes) => {
      const { name, table, payload } = samples[which] as Sample;
      const copy = payload.slice();
      for (const [at, value] of changes) copy[at % copy.length] = value;
      if (assertFaithful({ name, table, payload: copy })) decoded++;
    });
    fc.assert(property, { numRuns: 3000, seed: SEED });
    t.ok(decoded > 1500, `${decoded} could be decoded`);
  });

  t.test('decodes as the message does for attributes that nobody knows, and those in other places', async () => {
    const inner = fc.array(fc.tuple(fc.nat(60), fc.uint8Array({ maxLength: 12 })), { maxLength: 6 });
    const kind = fc.constantFrom('bridge', 'vxlan', 'bond', 'veth', 'unheard-of', '');
    const property = fc.property(kind, kind, kind, inner, inner, inner, (name, portName, second, data, portData, others) => {
      const nest = (attributes: typeof data): Uint8Array => join(...attributes.map(([type, bytes]) => attribute(type, bytes)));
      const info = [
        attribute(uapi.IFLA_INFO_DATA, nest(data)),
        attribute(uapi.IFLA_INFO_SLAVE_DATA, nest(portData)),
        attribute(uapi.IFLA_INFO_SLAVE_KIND, text(portName)),
        attribute(uapi.IFLA_INFO_KIND, text(name)),
        // No kernel sends two.
        attribute(uapi.IFLA_INFO_KIND, text(second)),
        attribute(uapi.IFLA_INFO_SLAVE_KIND, text(second)),
      ];
      const unread = others.map(([type, bytes]) => attribute(1000 + type, bytes));
      const link = [...unread, attribute(uapi.IFLA_LINKINFO, ...info), attribute(uapi.IFLA_IFNAME, text('x'))];
      assert.ok(assertFaithful({ name, table: 'LINKS', payload: join(ifinfomsg(9), ...link) }));
    });
    fc.assert(property, { numRuns: 1000, seed: SEED });
  });

  t.test('is the same seconds later when nothing was done, though the kernel’s answer is not', async (t) => {
    const before = later('before');
    const after = later('after');
    t.equal(before.length, after.length);
    for (const table of new Set(before.map((sample) => sample.table))) {
      const at = [...before.keys()].filter((each) => before[each]?.table === table);
      const differs = at.some((each) => !Buffer.from(before[each]?.payload ?? []).equals(after[each]?.payload ?? Buffer.of(0)));
      t.ok(differs, `${table}: nothing moved on, so nothing is shown`);
    }
    for (const [at, sample] of before.entries()) t.equal(remembered(after[at] as Sample), remembered(sample), sample.name);
  });
});

t.test('the formats of all tables', async (t) => {
  t.test('can be handed to the reader', async (t) => {
    t.ok(encodeRowFormats(SOURCES.map(({ format }) => format)).length > 1000);
  });
});
