import t from 'tap';
import {
  ALL_TABLES,
  capitalized,
  EVENT_RULES,
  EVENT_TABLES,
  formatOf,
  noRemovals,
  noRows,
  removedOf,
  ROW_TABLES,
  SOURCES,
} from '../../../src/tables/index.js';
import { MESSAGES, SERVICES } from '../../../src/wire/gen/schema.js';
import { enumOf, fieldsOf } from '../../../src/wire/schema.js';

/** The message of a list field; '' when there is none of this name. */
function rowsOf(message: string, field: string): string {
  return fieldsOf(message).find(({ name, kind }) => name === field && kind === 'list')?.of ?? '';
}

t.test('enum Table has every table, and no other', async (t) => {
  const names = Object.keys(enumOf('nsatlas.v1.Table').numbers).filter((name) => name !== 'TABLE_UNSPECIFIED');
  t.strictSame([...ALL_TABLES].sort(), names.sort());
});

for (const { name, section, address, distinct = [] } of ROW_TABLES) {
  t.test(`${name} has its section in namespaces, changes and lists, of one message`, async (t) => {
    const message = rowsOf('nsatlas.v1.Netns', section);
    t.not(message, '');
    t.equal(rowsOf('nsatlas.v1.NetnsChange', section), message);
    t.equal(rowsOf('nsatlas.v1.NetnsChange', removedOf(section)), message);
    const list = `List${capitalized(section)}`;
    t.equal(rowsOf(`nsatlas.v1.${list}Response`, 'items'), message);
    t.ok(MESSAGES[`nsatlas.v1.${list}Request`] !== undefined);
    for (const service of ['nsatlas.v1.Agent', 'nsatlas.v1.Collector'])
      t.ok(
        SERVICES[service]?.some((method) => method.name === list && method.responseStream),
        `${service}.${list}`,
      );
  });

  t.test(`${name} names fields that its message has`, async (t) => {
    const fields = fieldsOf(rowsOf('nsatlas.v1.Netns', section)).map((field) => field.name);
    for (const field of [...(address === undefined ? [] : [address]), ...distinct, 'netnsId', 'host', 'netnsName', 'rowId'])
      t.ok(fields.includes(field), field);
  });
}

t.test('each table has a format of its own and requests, and its events are rules', async (t) => {
  t.strictSame(
    SOURCES.map(({ name }) => formatOf(name)),
    SOURCES.map((_, at) => at),
  );
  for (const { name, requests, events } of SOURCES) {
    t.ok(requests.length > 0, `${name} has no request`);
    t.equal(EVENT_RULES.filter(({ table }) => EVENT_TABLES[table] === name).length, events.length, name);
  }
});

t.test('of rules for one type of message those of one family come before those of all', async (t) => {
  for (const [at, { family, types }] of EVENT_RULES.entries()) {
    const earlier = EVENT_RULES.slice(0, at).find(
      (rule) => rule.family === undefined && rule.types.some((type) => types.includes(type)),
    );
    t.ok(family === undefined || earlier === undefined, `rule ${at} is never reached`);
  }
});

t.test('what has no rows has every section, each a list of its own', async (t) => {
  const [one, other] = [
    { ...noRows(), ...noRemovals() },
    { ...noRows(), ...noRemovals() },
  ];
  t.strictSame(Object.keys(one).sort(), ROW_TABLES.flatMap(({ section }) => [section, removedOf(section)]).sort());
  t.not(one.fdb, other.fdb);
});
