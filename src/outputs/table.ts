import stringWidth from 'fast-string-width';
import { LISTS } from '../model/lists.js';
import type { Feature, HostSnapshot } from '../model/types.js';
import { printable } from '../text/printable.js';
import { FABRIC_RPCS } from '../wire/messages.js';
import type { Column } from './columns.js';
import type { Document, ListDocument, ListedItem, ListedName, Output, RenderOptions } from './contract.js';
import { hostColumns } from './host-columns.js';
import { listView } from './lists/index.js';

/** One line per item, for people. */
export const output: Output = {
  format: 'table',
  mediaType: 'text/plain',
  help: 'one line per item, for people',
  render,
};

function render(document: Document, options: RenderOptions): string {
  switch (document.name) {
    case 'snapshot':
      return renderSnapshot(document.snapshot, options);
    case 'doctor': {
      const { version, node, kernel, features } = document.report;
      return `nsatlas ${version}, Node ${node}, Linux ${printable(kernel)}\n\n${renderTable(FEATURE_COLUMNS, features, options)}`;
    }
    default:
      return renderList(document, options);
  }
}

const FEATURE_COLUMNS: readonly Column<Feature>[] = [
  { title: 'FEATURE', cell: (feature) => feature.name },
  { title: 'STATE', cell: (feature) => (feature.enabled ? 'on' : 'OFF'), mood: (feature) => (feature.enabled ? 'good' : 'bad') },
  { title: 'DETAIL', cell: (feature) => feature.detail },
];

type Item = ListedItem<ListedName>;

function renderList({ name, listing, hosts }: ListDocument, options: RenderOptions): string {
  const view = listView(name);
  const items: readonly Item[] = listing.items;
  const lines = view.lines?.(items) ?? items;
  // Lists of the fabric have a host in each line anyway.
  const before = hosts === undefined || name in FABRIC_RPCS ? [] : hostColumns(hosts);
  return renderTable([...(before as Column<Item>[]), ...view.columns(lines)], lines, options);
}

function renderSnapshot(snapshot: HostSnapshot, options: RenderOptions): string {
  const { host } = snapshot;
  const head = `host ${printable(host.name)} (${printable(host.id)}), Linux ${printable(host.kernel)}, read ${host.readAt}\n`;
  const parts = (['netns', 'interfaces', 'veths', 'vxlans'] as const).map((name) => {
    const listing = LISTS[name].list(snapshot, {});
    return `${SNAPSHOT_TITLES[name]}\n${renderList({ name, listing } as ListDocument, options)}`;
  });
  return [head, ...parts].join('\n');
}

const SNAPSHOT_TITLES = { netns: 'Network namespaces', interfaces: 'Interfaces', veths: 'Veth pairs', vxlans: 'VXLANs' } as const;

/** Rows under a heading, columns as wide as their longest cell; columns that are empty in every row are omitted. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { paint }: RenderOptions): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column, row)));
  const shown = columns.flatMap((column, at) =>
    rows.length === 0 || column.title === '' || cells.some((line) => line[at] !== '-') ? [at] : [],
  );
  const widths = new Map(
    shown.map((at) => [
      at,
      cells.reduce((width, line) => Math.max(width, textWidth(line[at] ?? '')), columns[at]?.title.length ?? 0),
    ]),
  );
  const last = shown.at(-1);
  const pad = (text: string, at: number): string => {
    const space = ' '.repeat(Math.max(0, (widths.get(at) ?? 0) - textWidth(text)));
    if (columns[at]?.align === 'right') return space + text;
    return at === last ? text : text + space;
  };
  const heading = shown.map((at) => pad(columns[at]?.title ?? '', at)).join('  ');
  const lines = cells.map((line, rowAt) =>
    shown
      .map((at) => {
        const text = pad(line[at] ?? '', at);
        const row = rows[rowAt];
        const mood = row === undefined ? undefined : columns[at]?.mood?.(row);
        return paint === undefined || mood === undefined ? text : paint(mood, text);
      })
      .join('  '),
  );
  return `${[heading, ...lines].map((line) => line.trimEnd()).join('\n')}\n`;
}

function cellText<Row>(column: Column<Row>, row: Row): string {
  const cell = column.cell(row);
  return cell === undefined || cell === '' ? '-' : printable(String(cell));
}

/** Width in columns of a terminal. Most cells are ASCII, and need no walk through their characters. */
function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

const ASCII = /^[ -~]*$/;
