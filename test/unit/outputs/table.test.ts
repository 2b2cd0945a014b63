import assert from 'node:assert/strict';
import t from 'tap';
import { LISTS } from '../../../src/model/lists.js';
import { output, renderTable } from '../../../src/outputs/table.js';
import { rendered } from '../../support/rendered.js';
import { sampleSnapshot, WEB } from '../../support/sample.js';

const plain = {};

t.test('tables', async (t) => {
  t.test('has one line for each pair, in columns', async (t) => {
    const text = rendered(output, { name: 'veths', listing: LISTS.veths.list(sampleSnapshot(), {}) }, plain);
    t.equal(
      text,
      [
        'NAMESPACE    INTERFACE  ADDRESSES      STATE       PEER   STATE  MASTER           NAMESPACE        STATUS  ENDS',
        'app_web.1.x  eth1       172.18.0.3/16  UP     <->  veth9  UP     docker_gwbridge  host             PAIRED  net:[30]/4 net:[1]/9',
        'app_web.1.x  eth0       10.0.1.2/24    UP     <->  veth0  UP     br0              overlay:app_net  PAIRED  net:[30]/6 net:[20]/8',
        '',
      ].join('\n'),
    );
  });

  t.test('has the VNI, the network and the flags of a vxlan', async (t) => {
    const text = rendered(output, { name: 'vxlans', listing: LISTS.vxlans.list(sampleSnapshot(), {}) }, plain);
    t.match(
      text,
      /^app_net +4097 +vxlan0 +UNKNOWN +10\.0\.1\.1\/24 +br0 +4789 +1500 +1 +learning proxy l2miss l3miss +overlay:app_net +net:\[20\]$/m,
    );
  });

  t.test('says that forwarding entries were not read, instead of none', async (t) => {
    const snapshot = sampleSnapshot();
    for (const netns of snapshot.namespaces) netns.tables = [];
    t.match(rendered(output, { name: 'vxlans', listing: LISTS.vxlans.list(snapshot, {}) }, plain), / unread /);
  });

  t.test('shows the status of the table that failed, not OK', async (t) => {
    const snapshot = sampleSnapshot();
    const table = snapshot.namespaces[1]?.tables[0];
    assert.ok(table);
    table.status = 'INTERRUPTED';
    t.match(rendered(output, { name: 'netns', listing: LISTS.netns.list(snapshot, {}) }, plain), /LINKS INTERRUPTED$/m);
  });

  t.test('shows every way in which the containers of a namespace are attached', async (t) => {
    const snapshot = sampleSnapshot();
    snapshot.namespaces[2]?.joined.push({ ...WEB, containerName: 'sidecar', networkMode: 'container' });
    t.match(
      rendered(output, { name: 'netns', listing: LISTS.netns.list(snapshot, {}) }, plain),
      / app_web\.1\.x,sidecar +overlay,container /,
    );
  });

  t.test('keeps hostile names inside their cell', async (t) => {
    const snapshot = sampleSnapshot();
    const link = snapshot.namespaces[0]?.interfaces[0];
    assert.ok(link);
    link.name = 'a\u001b[2J\nb';
    const text = rendered(output, { name: 'interfaces', listing: LISTS.interfaces.list(snapshot, {}) }, plain);
    t.match(text, /a\\u\{1b\}\[2J\\u\{a\}b/);
    t.equal(text.split('\n').length, 1 + 9 + 1);
  });

  t.test('colours only when asked to, and never changes the text', async (t) => {
    const listing = LISTS.veths.list(sampleSnapshot(), {});
    const coloured = rendered(output, { name: 'veths', listing }, { paint: (_mood, text) => `\u001b[31m${text}\u001b[39m` });
    t.not(coloured, rendered(output, { name: 'veths', listing }, plain));
    t.equal(coloured.replaceAll(/\u001b\[\d+m/g, ''), rendered(output, { name: 'veths', listing }, plain));
  });

  t.test('lines up wide characters, combining marks and emoji', async (t) => {
    const rows = [
      { name: '漢字', after: 'x' },
      { name: 'abcd', after: 'y' },
      { name: 'e\u0301e\u0301', after: 'z' },
      { name: '😀1', after: '1' },
    ];
    const text = renderTable(
      [
        { title: 'N', cell: (row: { name: string; after: string }) => row.name },
        { title: 'A', cell: (row) => row.after },
      ],
      rows,
      plain,
    );
    t.equal(text, 'N     A\n漢字  x\nabcd  y\ne\u0301e\u0301    z\n😀1   1\n');
  });

  t.test('shows a whole host', async (t) => {
    const text = rendered(output, { name: 'snapshot', snapshot: sampleSnapshot() }, plain);
    for (const title of ['host h1 (host-1)', 'Network namespaces\n', 'Interfaces\n', 'Veth pairs\n', 'VXLANs\n'])
      t.ok(text.includes(title), title);
  });
});
