import { constants } from 'node:os';
import t from 'tap';
import { errnoName } from '../../../src/netlink/errno.js';
import * as requests from '../../support/requests.js';
import { hex } from '../../support/message-builder.js';

// Numbers as a big-endian machine would have them are not tested: fields are written through DataView.
const cases: readonly (readonly [name: string, bytes: Uint8Array, expected: string])[] = [
  ['links', requests.dumpLinks(), '28000000 1200 0103 00000000 00000000 00000000 00000000 00000000 00000000 0800 1d00 10000000'],
  [
    'links without some of their counters',
    requests.dumpLinks({ counters: false }),
    '28000000 1200 0103 00000000 00000000 00000000 00000000 00000000 00000000 0800 1d00 18000000',
  ],
  [
    'one link',
    requests.getLink(0x102),
    '28000000 1200 0100 00000000 00000000 00000000 02010000 00000000 00000000 0800 1d00 18000000',
  ],
  ['the addresses of an interface', requests.dumpAddresses(7), '18000000 1600 0103 00000000 00000000 00000000 07000000'],
  ['addresses', requests.dumpAddresses(), '18000000 1600 0103 00000000 00000000 00000000 00000000'],
  ['neighbours', requests.dumpNeighbors(), '1c000000 1e00 0103 00000000 00000000 00000000 00000000 00000000'],
  [
    'the neighbours of an interface',
    requests.dumpNeighbors(7),
    '24000000 1e00 0103 00000000 00000000 00000000 00000000 00000000 0800 0800 07000000',
  ],
  ['proxy neighbours', requests.dumpProxyNeighbors(), '1c000000 1e00 0103 00000000 00000000 00000000 00000000 00000800'],
  ['forwarding tables', requests.dumpFdb(), '1c000000 1e00 0103 00000000 00000000 07000000 00000000 00000000'],
  [
    'the forwarding table of an interface',
    requests.dumpFdb(7),
    '1c000000 1e00 0103 00000000 00000000 07000000 07000000 00000000',
  ],
  ['routes', requests.dumpRoutes(), '1c000000 1a00 0103 00000000 00000000 00000000 00000000 00000000'],
  ['nsids', requests.dumpNsids(), '14000000 5a00 0103 00000000 00000000 00000000'],
  [
    'the nsids of another namespace',
    requests.dumpNsids({ targetNsid: 0 }),
    '1c000000 5a00 0103 00000000 00000000 00000000 0800 0400 00000000',
  ],
];

t.test('requests', async (t) => {
  for (const [name, bytes, expected] of cases) {
    t.test(`for ${name} have nothing but what filters in their header`, async (t) => t.strictSame(bytes, hex(expected)));
  }

  t.test('for one nsid say where the descriptor goes', async (t) => {
    const { bytes, fdOffset } = requests.getNsidByFd();
    t.strictSame(bytes, hex('1c000000 5a00 0100 00000000 00000000 00000000 0800 0300 ffffffff'));
    t.equal(fdOffset, 24);
  });

  t.test('that give an id ask for an acknowledgement and say where the descriptor goes', async (t) => {
    const { bytes, fdOffset } = requests.newNsid(7);
    t.strictSame(bytes, hex('24000000 5800 0500 00000000 00000000 00000000 0800 0100 07000000 0800 0300 ffffffff'));
    t.equal(fdOffset, 32);
  });

  t.test('are new bytes each time, for senders write into them', async (t) => {
    requests.dumpFdb().fill(0xff);
    t.equal(requests.dumpFdb()[0], 0x1c);
  });
});

t.test('errnoName', async (t) => {
  t.test('names what the kernel uses, its own numbers too', async (t) => {
    t.strictSame([1, 13, 16, 105, 524].map(errnoName), ['EPERM', 'EACCES', 'EBUSY', 'ENOBUFS', 'ENOTSUPP']);
  });

  t.test('agrees with the names that Node has', async (t) => {
    const aliases = { ENOTSUP: 'EOPNOTSUPP', EWOULDBLOCK: 'EAGAIN' };
    for (const [name, errno] of Object.entries({ ...constants.errno }))
      t.equal(errnoName(errno), Object.hasOwn(aliases, name) ? aliases[name as 'ENOTSUP'] : name);
  });

  t.test('keeps a number that has no name', async (t) => t.equal(errnoName(9999), 'errno 9999'));
});
