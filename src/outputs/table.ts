import stringWidth from 'fast-string-width';
import { LISTS } from '../model/lists.js';
import type { Feature, HostSnapshot } from '../model/types.js';
import { printable } from '../text/printable.js';
import { FABRIC_RPCS, type ItemOf, type ListedName } from '../wire/messages.js';
import type { Column } from './columns.js';
import type { Document, ListDocument, Output, RenderOptions } from './contract.js';
import { hostColumns } from './host-columns.js';
import { listView } from './lists/index.js';

/** One line per item, for people. */
export const output: Output = {
  format: 'table',
  help: 'one line per item, for people',
  render: (document, options) => [render(document, options)],
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

type Item = ItemOf<ListedName>;

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
  const shown = columns
    .map((column) => ({ column, cells: rows.map((row) => cellText(column, row)) }))
    .filter(({ column, cells }) => rows.length === 0 || column.title === '' || cells.some((cell) => cell !== '-'));
  const padded = shown.map(({ column, cells }, at) => {
    const width = cells.reduce((widest, cell) => Math.max(widest, textWidth(cell)), column.title.length);
    const pad = (text: string): string => {
      const space = ' '.repeat(width - textWidth(text));
      if (column.align === 'right') return space + text;
      return at === shown.length - 1 ? text : text + space;
    };
    const painted = rows.map((row, rowAt) => {
      const text = pad(cells[rowAt] ?? '');
      const mood = paint && column.mood?.(row);
      return paint === undefined || mood === undefined ? text : paint(mood, text);
    });
    return [pad(column.title), ...painted];
  });
  const lines = [undefined, ...rows].map((_, line) => padded.map((column) => column[line]).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
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
