import { countRows, eachSection, type Sections } from '../tables/index.js';
import { LISTS, type ListName, relevantGaps, wantedLinks } from '../model/lists.js';
import { selectRows, selectsNetns, type Selector, speaksOfRows } from '../model/select.js';
import type { Freshness, Gap, Table } from '../model/types.js';
import type { LiveHost } from '../live/types.js';
import { encodeListing, encodeNetnsPart, encodeSnapshotHead, encodeStatuses } from '../wire/chunks.js';
import type { ItemOf } from '../wire/messages.js';
import type { Step } from '../rpc/stream.js';
import { isSame } from '../model/same.js';
import { hostOf, type LiveNetnsView, liveView } from './view.js';

// Answers are made while they are written: a part of a namespace is decoded, selected and encoded when the client has taken the one
// before, so that no answer, however large, keeps the main thread or memory.

/** How long making one message may go on, in milliseconds; encoding it takes about as long again. */
const BUDGET_MS = 1.5;

/** Items that are a message even when they were made in less time. Encoding an interface may take 30 µs, a row 5, and several times that at first. */
const MOST_ITEMS: Readonly<Record<ListName, number>> = {
  netns: 32,
  interfaces: 16,
  vxlans: 32,
  veths: 32,
  ...eachSection(() => 150),
};

interface LiveAnswer {
  readonly live: LiveHost;
  /** What it says of hosts is not looked at. */
  readonly selector: Selector;
  readonly now: () => number;
  /** Of the first message; a collector says that of all hosts at once. */
  readonly freshness?: Freshness | undefined;
}

/** A list of what is known, as the messages of its stream. Gaps come last. */
export function* liveList<Name extends ListName>(
  name: Name,
  { live, selector, now, freshness: age }: LiveAnswer,
): Generator<Step> {
  const { tables } = LISTS[name];
  const view = liveView(live, { selector, tables });
  // The compiler cannot follow that the name and its items belong together.
  const batches = LISTS[name].batches(view, selector) as Iterable<readonly ItemOf<Name>[]>;
  let freshness = age;
  const encode = (items: ItemOf<Name>[], gaps: Gap[]): Generator<Uint8Array> => {
    const messages = encodeListing(name, { items, gaps, ...(freshness !== undefined && { freshness }) });
    freshness = undefined;
    return messages;
  };
  let items: ItemOf<Name>[] = [];
  let since = now();
  for (const batch of batches) {
    for (const item of batch) items.push(item);
    if (items.length < MOST_ITEMS[name] && now() - since < BUDGET_MS) continue;
    if (items.length > 0) yield* encode(items, []);
    else yield undefined;
    items = [];
    since = now();
  }
  yield undefined;
  yield* encode(items, relevantGaps(live.gaps(), { hostId: view.hostId, left: view.left, tables }));
}

/** What is known as the messages of a GetSnapshot stream: the host first, gaps last. */
export function* liveSnapshot(tables: readonly Table[], { live, selector, now, freshness }: LiveAnswer): Generator<Step> {
  const view = liveView(live, { selector, tables });
  const host = { ...hostOf(live), ...(freshness !== undefined && { freshness }) };
  yield* encodeSnapshotHead({ host, networks: [...live.networks()], gaps: [] });
  let since = now();
  for (const netns of view.namespaces()) {
    for (const step of netnsSteps(netns, tables, selector)) {
      if (step === undefined && now() - since < BUDGET_MS) continue;
      yield step;
      since = now();
    }
  }
  yield undefined;
  // Inside a snapshot it is said already which host its gaps are of.
  const gaps = relevantGaps(live.gaps(), { hostId: view.hostId, left: view.left, tables }).map(({ host: _host, ...gap }) => gap);
  if (gaps.length > 0) yield* encodeSnapshotHead({ networks: [], gaps });
}

/** The messages of one namespace. Where rows are asked for, one without any is left out. */
function* netnsSteps(netns: LiveNetnsView, tables: readonly Table[], selector: Selector): Generator<Step> {
  yield undefined;
  if (!selectsNetns(netns.head, selector)) return;
  const wanted = yield* breathing(wantedLinks(netns, selector));
  const all = !speaksOfRows(selector);
  let first = true;
  for (const taken of netns.take(tables)) {
    const part = { interfaces: taken.interfaces, ...(eachSection((section) => taken[section]) as Sections) };
    const rows = all ? part : selectRows(part, selector, wanted);
    yield undefined;
    if (!all && rows.interfaces.length + countRows(rows) === 0) continue;
    yield* encodeNetnsPart({ ...netns.head, ...rows }, first);
    first = false;
  }
  const statuses = netns.statuses();
  if (!first && !isSame(statuses, netns.head.tables)) yield encodeStatuses(netns.head.id, statuses);
}

function* breathing<Value>(work: Generator<unknown, Value>): Generator<undefined, Value> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    yield undefined;
  }
}
