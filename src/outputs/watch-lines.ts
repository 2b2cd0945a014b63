import type { Gap, Host, Netns, Network } from '../model/types.js';
import { ROW_TABLES } from '../tables/index.js';
import { printable } from '../text/printable.js';
import type { Difference, WatchChange, WatchCounts } from '../wire/watch-merge.js';
import type { Fact, NameOf } from './facts.js';
import type { ChangeView } from './lists/contract.js';
import { listView } from './lists/index.js';

/**
 * A change as lines for people, usually one: "+ " added, "- " removed, "~ " changed. Every changed row of a table has a line; of the rest, changes
 * that are of no interest to people (counts of carrier changes) have none. Safe to write to a terminal whatever names it contains; no line break at the end.
 */
export function watchLines(change: WatchChange, nameOf: NameOf): string[] {
  return linesOf(change, nameOf).map(printable);
}

/** "12 namespaces, 48 interfaces, 96 fdb rows": zero counts are omitted, except for the namespaces. */
export function countWords(counts: WatchCounts): string {
  const { namespaces, interfaces } = counts;
  const words = [
    counted(namespaces, 'namespace'),
    ...(interfaces === 0 ? [] : [counted(interfaces, 'interface')]),
    ...ROW_TABLES.flatMap(({ section, counted: { noun } }) => (counts[section] === 0 ? [] : [counted(counts[section], noun)])),
  ];
  return words.join(', ');
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function linesOf(change: WatchChange, nameOf: NameOf): string[] {
  switch (change.what) {
    case 'network':
      return describe(change, ({ name }) => `network ${name}`, networkFacts);
    case 'host':
      return describe(change, ({ name }) => `host ${name}`, hostFacts);
    case 'gap':
      return describe(change, ({ message }) => `gap ${message}`, gapFacts);
    case 'netns':
      return itemLines(change, change.new ?? change.old, listView('netns').changes, nameOf);
    case 'interface':
      return itemLines(change, change.netns, listView('interfaces').changes, nameOf);
    default: {
      const view = listView(change.what).changes as ChangeView<unknown>;
      const lines = itemLines(change, change.netns, view, nameOf);
      return lines.length > 0 ? lines : [unshownLine(change, (row) => view.subject(row, change.netns))];
    }
  }
}

/** A row whose facts are the same before and after. */
function unshownLine({ old, new: now }: Difference<unknown>, subject: (row: unknown) => string): string {
  const [was, is] = [subject(old), subject(now)];
  return `~ ${is} ${was === is ? UNSHOWN : `(was ${was})`}`;
}

/** Why a row changed that looks the same. */
const UNSHOWN = '(changed in what only -o json shows)';

/** A change of an item of a list. The change and the list have the same name, which the compiler cannot follow. */
function itemLines(difference: Difference<unknown>, netns: Netns | undefined, view: unknown, nameOf: NameOf): string[] {
  if (netns === undefined || view === undefined) return [];
  const changes = view as ChangeView<unknown>;
  const factsOf = (item: unknown): Fact[] => changes.facts(item, nameOf);
  return describe(
    difference,
    (item) => changes.subject(item, netns),
    factsOf,
    changes.factsWhenGone === true ? factsOf : undefined,
  );
}

/** @param goneFacts facts shown of a removed item */
function describe<Value>(
  { old, new: now }: Difference<Value>,
  subject: (value: Value) => string,
  facts: (value: Value) => Fact[],
  goneFacts: (value: Value) => Fact[] = () => [],
): string[] {
  if (now === undefined) return old === undefined ? [] : [`- ${[subject(old), ...goneFacts(old).flatMap(words)].join(' ')}`];
  if (old === undefined) return [`+ ${[subject(now), ...facts(now).flatMap(words)].join(' ')}`];
  const differences = compare(facts(old), facts(now));
  return differences.length === 0 ? [] : [`~ ${subject(now)} ${differences.join(', ')}`];
}

function words({ label, value, onlyChanges }: Fact): string[] {
  const text = typeof value === 'string' ? value : value?.join(' ');
  if (text === undefined || text === '' || onlyChanges === true) return [];
  return [label === '' ? text : `${label} ${text}`];
}

function compare(before: readonly Fact[], after: readonly Fact[]): string[] {
  const old = new Map(before.map((fact) => [fact.key ?? fact.label, fact]));
  const now = new Map(after.map((fact) => [fact.key ?? fact.label, fact]));
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const { label = '', inBoth = false, onlyNew = false } = is ?? was ?? {};
    if (onlyNew) return [];
    const text = difference(was?.value, is?.value);
    if (text === undefined || (inBoth && (was === undefined || is === undefined))) return [];
    return [label === '' ? text : `${label} ${text}`];
  });
}

function difference(old: Fact['value'], now: Fact['value']): string | undefined {
  if (!isList(old) && !isList(now)) return old === now ? undefined : `${old ?? '-'} → ${now ?? '-'}`;
  const [before, after] = [asList(old), asList(now)];
  const changes = [
    ...before.filter((item) => !after.includes(item)).map((item) => `-${item}`),
    ...after.filter((item) => !before.includes(item)).map((item) => `+${item}`),
  ];
  return changes.length === 0 ? undefined : changes.join(' ');
}

function asList(value: Fact['value']): readonly string[] {
  return isList(value) ? value : value === undefined ? [] : [value];
}

function isList(value: Fact['value']): value is readonly string[] {
  return Array.isArray(value);
}

function networkFacts(network: Network): Fact[] {
  return [
    { label: '', value: network.driver },
    { label: 'vni', value: network.vnis.map(String) },
    { label: 'subnet', value: network.subnets },
  ];
}

function hostFacts(host: Host): Fact[] {
  return [
    { label: 'id', value: host.id },
    { label: 'kernel', value: host.kernel },
    { label: 'engines', value: host.engines.map(({ socket, version }) => `${socket} ${version}`) },
  ];
}

function gapFacts({ status }: Gap): Fact[] {
  return [{ label: '', value: status, onlyChanges: true }];
}
