import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DumpDecoder } from './dump.js';
import { ROOT } from './root.js';

/** Where the captured answers of the kernel are. */
export const FIXTURES: string = join(ROOT, 'test/fixtures');

/** Every captured answer of every scenario, sorted. */
export function captures(): { readonly scenario: string; readonly name: string }[] {
  return SCENARIOS.flatMap((scenario) =>
    readdirSync(join(FIXTURES, scenario))
      .filter((file) => file.endsWith('.bin'))
      .sort()
      .map((file) => ({ scenario, name: file.slice(0, -'.bin'.length) })),
  );
}

/** Folders in test/fixtures that test/support/capture.ts makes. */
export const SCENARIOS: readonly string[] = readdirSync(FIXTURES)
  .filter(
    (name) =>
      existsSync(join(FIXTURES, name, 'build.sh')) &&
      /^# captures: /m.test(readFileSync(join(FIXTURES, name, 'build.sh'), 'utf8')),
  )
  .sort();

/** The datagrams of one captured answer, as netlink-capture.py wrote them: each after its length (u32, little endian). */
export function readDatagrams(scenario: string, name: string): Uint8Array[] {
  return readCapture(join(FIXTURES, scenario, `${name}.bin`));
}

/** The same of any file that netlink-capture.py wrote. */
export function readCapture(path: string): Uint8Array[] {
  const file = readFileSync(path);
  const datagrams: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at);
    datagrams.push(new Uint8Array(file.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return datagrams;
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the decoder makes of datagrams. */
export function decodeAll(datagrams: readonly Uint8Array[], rtm?: string): DumpDecoder {
  const decoder = new DumpDecoder(rtm);
  for (const datagram of datagrams) decoder.datagram(viewOf(datagram), 0, datagram.byteLength);
  return decoder;
}

/** All that a decoder holds, as JSON can hold it: big numbers as text, bytes in hexadecimal, empty lists left out. */
export function plain(decoder: DumpDecoder): unknown {
  const { links, addresses, fdb, neighbors, routes, nsids, interrupted, ended } = decoder;
  const { failure } = decoder;
  const all = {
    links,
    addresses,
    fdb,
    neighbors,
    routes,
    nsids,
    ...decoder.others,
    errors: decoder.errors.map((error) => error.message),
    interrupted,
    ended,
    failure: failure && { message: failure.message, errno: failure.errno, rtm: failure.rtm },
  };
  return JSON.parse(
    JSON.stringify(all, (_key, value: unknown) => {
      if (typeof value === 'bigint') return String(value);
      if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString('hex')}`;
      return value;
    }),
  );
}

/** What every captured answer of a scenario decodes to, by its name: the content of decoded.json. */
export function decodeScenario(scenario: string): Record<string, unknown> {
  const own = captures().filter((capture) => capture.scenario === scenario);
  return Object.fromEntries(own.map(({ name }) => [name, plain(decodeAll(readDatagrams(scenario, name)))]));
}
