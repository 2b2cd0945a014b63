import { factsOf, factWords, kindOf, messageOf } from '../../kinds/facts.js';
import { netnsName } from '../../model/ids.js';
import type { Interface } from '../../model/types.js';
import { someOf, UP_STATES } from '../columns.js';
import type { Fact, NameOf } from '../facts.js';
import type { ListView } from './contract.js';

export const list: ListView<'interfaces'> = {
  name: 'interfaces',
  group: 'Namespaces:',
  help: 'interfaces of every namespace',
  example: 'nsatlas interfaces --container web',
  hasCounters: true,
  columns: () => [
    { title: 'NAMESPACE', cell: (link) => link.netnsName ?? link.netnsId },
    { title: 'INTERFACE', cell: (link) => link.name },
    { title: 'KIND', cell: (link) => link.kind ?? (link.linkType === 'loopback' ? 'loopback' : undefined) },
    { title: 'STATE', cell: (link) => link.operState, mood: (link) => UP_STATES[link.operState] },
    { title: 'ADDRESSES', cell: (link) => someOf(link.addresses) },
    { title: 'MAC', cell: (link) => link.mac },
    { title: 'MTU', cell: (link) => link.mtu, align: 'right' },
    { title: 'MASTER', cell: (link) => link.masterName ?? link.masterIfindex },
    { title: 'PEER', cell: (link) => peer(link) },
    { title: 'DETAIL', cell: (link) => detail(link) },
    { title: 'IFINDEX', cell: (link) => link.ifindex, align: 'right' },
    { title: 'NETNS', cell: (link) => link.netnsId },
  ],
  changes: { subject: (link, netns) => `${link.name}@${netnsName(netns)}`, facts },
};

function peer(link: Interface): string | undefined {
  if (link.veth === undefined) return undefined;
  return link.veth.peer === undefined ? link.veth.status : `${link.veth.peer.name}@${link.veth.peer.netnsId}`;
}

function detail(link: Interface): string | undefined {
  const words = [
    factWords(factsOf(link)),
    link.alias === undefined ? undefined : `alias ${link.alias}`,
    link.altnames.length === 0 ? undefined : `altname ${link.altnames.join(',')}`,
  ];
  return words.filter((each) => each !== undefined).join(' ') || undefined;
}

/** Flags that the state implies (linux/if.h). */
const STATE_FLAGS: ReadonlySet<string> = new Set(['UP', 'RUNNING', 'LOWER_UP']);

/** The properties of an interface, the most important first. */
function facts(link: Interface, nameOf: NameOf): Fact[] {
  const changes = (label: string, value: Fact['value']): Fact => ({ label, value, onlyChanges: true });
  return [
    { label: '', key: 'kind', value: kindOf(link)?.usual === true ? undefined : link.kind },
    // For a change, the attributes below are more precise.
    { label: '', key: 'facts', value: factWords(factsOf(link)), onlyNew: true },
    { label: '', key: 'state', value: link.flags.includes('UP') ? link.operState : 'DOWN' },
    { label: 'master', value: link.masterName ?? link.masterIfindex?.toString() },
    { label: 'peer', value: peerOf(link, nameOf) },
    { label: '', key: 'addresses', value: link.addresses },
    changes('name', link.name),
    changes('mtu', link.mtu?.toString()),
    changes('mac', link.mac),
    changes('alias', link.alias),
    changes('altnames', link.altnames),
    changes('link', link.linkNetnsId),
    changes('qdisc', link.qdisc),
    changes('txqueuelen', link.txQueueLength?.toString()),
    changes('promiscuity', link.promiscuity?.toString()),
    changes(
      'flags',
      link.flags.filter((flag) => !STATE_FLAGS.has(flag)),
    ),
    ...Object.entries(messageOf(link) ?? {}).map(([name, value]) => changes(name, String(value))),
    ...Object.entries(link.attributes).map(([name, value]) => changes(name, value)),
    // A link that becomes a port gets dozens of them at once; its master is enough.
    ...Object.entries(link.portAttributes).map(([name, value]) => ({ ...changes(`port ${name}`, value), inBoth: true })),
  ];
}

function peerOf({ veth }: Interface, nameOf: NameOf): string | undefined {
  if (veth === undefined) return undefined;
  return veth.peer === undefined ? `? (${veth.status})` : `${veth.peer.name}@${nameOf(veth.peer.netnsId)}`;
}
