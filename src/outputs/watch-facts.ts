import { factsOf, factWords, kindOf, messageOf } from '../kinds/facts.js';
import type { Interface } from '../model/types.js';

/** What people call the namespace with an id. */
export type NameOf = (netnsId: string) => string;

/** Something that a line says of a thing. */
export interface Fact {
  /** What stands before the value. */
  readonly label: string;
  /** Distinguishes it from others of the same label. */
  readonly key?: string;
  /** A list is compared item by item. */
  readonly value: string | readonly string[] | undefined;
  /** Shown of something new, not when it changes. */
  readonly onlyNew?: boolean;
  /** Shown only when it changes, and with `inBoth` only when it was there before and is still. */
  readonly onlyChanges?: boolean;
  readonly inBoth?: boolean;
}

/** A fact with several values. @param key where the label is not enough */
export function listFact(label: string, value: readonly string[], key = label): Fact {
  return { label, key, value };
}

/** Flags that the state says, too (linux/if.h). */
const STATE_FLAGS: ReadonlySet<string> = new Set(['UP', 'RUNNING', 'LOWER_UP']);

/** What people want to know of an interface, the most important first. */
export function interfaceFacts(link: Interface, nameOf: NameOf): Fact[] {
  const changes = (label: string, value: Fact['value']): Fact => ({ label, value, onlyChanges: true });
  return [
    { label: '', key: 'kind', value: kindOf(link)?.usual === true ? undefined : link.kind },
    // Of a change the attributes below say more.
    { label: '', key: 'facts', value: factWords(factsOf(link)), onlyNew: true },
    { label: '', key: 'state', value: link.flags.includes('UP') ? link.operState : 'DOWN' },
    { label: 'master', value: link.masterName ?? link.masterIfindex?.toString() },
    { label: 'peer', value: peerOf(link, nameOf) },
    listFact('', link.addresses, 'addresses'),
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
    // A link that becomes a port gets dozens of them at once; its master says enough.
    ...Object.entries(link.portAttributes).map(([name, value]) => ({ ...changes(`port ${name}`, value), inBoth: true })),
  ];
}

function peerOf({ veth }: Interface, nameOf: NameOf): string | undefined {
  if (veth === undefined) return undefined;
  return veth.peer === undefined ? `? (${veth.status})` : `${veth.peer.name}@${nameOf(veth.peer.netnsId)}`;
}
