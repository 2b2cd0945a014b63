import t from 'tap';
import { decode, encode } from '../../../src/wire/codec.js';
import { MESSAGES, SERVICES } from '../../../src/wire/gen/schema.js';
import { fromJson, parseSnapshotJson, toJson } from '../../../src/wire/json.js';
import type { MessageName, Messages } from '../../../src/wire/messages.js';
import { MAXIMAL } from './maximal.js';
import { snapshot } from './maximal-model.js';

/** "nsatlas.v1.Netns.cookie" of every field that has a value which is not its zero value, and of every message. */
function fieldsSet(name: string, value: object, found: Set<string>): void {
  found.add(name);
  for (const field of MESSAGES[name] ?? []) {
    const held = (value as Record<string, unknown>)[field.name];
    const values = field.kind === 'list' ? (held as unknown[]) : field.kind === 'map' ? Object.values(held as object) : [held];
    if (values.length > 0 && !values.every(isZero)) found.add(`${name}.${field.name}`);
    if (field.type === 'message')
      for (const inner of values) if (inner !== undefined) fieldsSet(field.of ?? '', inner as object, found);
  }
}

function isZero(value: unknown): boolean {
  return (
    value === undefined ||
    value === 0 ||
    value === 0n ||
    value === '' ||
    value === false ||
    (typeof value === 'string' && value.endsWith('UNSPECIFIED'))
  );
}

const names = Object.keys(MAXIMAL) as MessageName[];

t.test('every field of every message in the protos is set in the maximal messages', async (t) => {
  const found = new Set<string>();
  for (const name of names) fieldsSet(name, MAXIMAL[name], found);
  const missing = Object.entries(MESSAGES)
    .flatMap(([name, fields]) => [name, ...fields.map((field) => `${name}.${field.name}`)])
    .filter((path) => !found.has(path));
  t.strictSame(missing, []);
});

t.test('every request and response of every method is one of the messages that can be encoded', async (t) => {
  const used = Object.values(SERVICES).flatMap((methods) => methods.flatMap(({ request, response }) => [request, response]));
  t.strictSame([...new Set(used)].sort(), [...names].sort());
});

for (const name of names) {
  t.test(`a maximal ${name} comes unchanged out of protobuf and out of JSON`, async (t) => {
    const model = MAXIMAL[name];
    t.strictSame(decode(name, encode(name, model)), model);
    t.strictSame(fromJson(name, JSON.parse(toJson(model))), model);
  });

  t.test(`an empty ${name} comes out of protobuf as it comes out of JSON`, async (t) => {
    const required = ['a', 'vxlan', 'readAt', 'cursor'];
    const empty = fromJson(name, Object.fromEntries(Object.entries(MAXIMAL[name]).filter(([field]) => required.includes(field))));
    t.strictSame(decode(name, encode(name, empty as unknown as Messages[typeof name])), empty);
  });
}

t.test('a snapshot comes unchanged out of its file', async (t) => {
  t.strictSame(parseSnapshotJson(toJson(snapshot)), snapshot);
});
