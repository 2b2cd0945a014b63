import { LISTS } from '../model/lists.js';
import type { HostSnapshot, Neighbor } from '../model/types.js';
import {
  type Column,
  FDB_COLUMNS,
  FEATURE_COLUMNS,
  INTERFACE_COLUMNS,
  NEIGHBOR_COLUMNS,
  NETNS_COLUMNS,
  ROUTE_COLUMNS,
  VETH_COLUMNS,
  VXLAN_COLUMNS,
} from './columns.js';
import type { Document, ListedHost, Output, RenderOptions } from './contract.js';
import { endpointColumns, HOST_COLUMNS, OVERLAY_COLUMNS, overlayLines } from './fabric-columns.js';
import { hostColumns } from './host-columns.js';
import { printable } from '../text/printable.js';

/** One line for each thing, for people. */
export const output: Output = {
  format: 'table',
  mediaType: 'text/plain',
  help: 'one line for each thing, for people',
  render,
};

function render(document: Document, options: RenderOptions): string {
  switch (document.name) {
    case 'hosts':
      return renderTable(HOST_COLUMNS, document.listing.items, options);
    case 'overlays':
      return renderTable(OVERLAY_COLUMNS, overlayLines(document.listing.items), options);
    case 'endpoints':
      return renderTable(endpointColumns(document.listing.items), document.listing.items, options);
    case 'netns':
      return renderTable([...ofHosts(document), ...NETNS_COLUMNS], document.listing.items, options);
    case 'interfaces':
      return renderTable([...ofHosts(document), ...INTERFACE_COLUMNS], document.listing.items, options);
    case 'vxlans':
      return renderTable([...ofHosts(document), ...VXLAN_COLUMNS], document.listing.items, options);
    case 'veths':
      return renderTable([...ofHosts(document), ...VETH_COLUMNS], document.listing.items, options);
    case 'fdb':
      return renderTable([...ofHosts(document), ...FDB_COLUMNS], document.listing.items, options);
    case 'neighbors':
      return renderNeighbors([...ofHosts(document), ...NEIGHBOR_COLUMNS], document.listing.items, options);
    case 'routes':
      return renderTable([...ofHosts(document), ...ROUTE_COLUMNS], document.listing.items, options);
    case 'snapshot':
      return renderSnapshot(document.snapshot, options);
    case 'doctor': {
      const { version, node, kernel, features } = document.report;
      return `nsatlas ${version}, Node ${node}, Linux ${printable(kernel)}\n\n${renderTable(FEATURE_COLUMNS, features, options)}`;
    }
  }
}

/** What each line begins with when a list can be of several hosts. */
function ofHosts({ hosts }: { readonly hosts?: readonly ListedHost[] }): ReturnType<typeof hostColumns> {
  return hosts === undefined ? [] : hostColumns(hosts);
}

/** linux/neighbour.h */
const NUD_NOARP = 0x40;

/** Rows that need no resolution (multicast, mostly) are left out, as `ip neigh` does, but not without saying so. */
function renderNeighbors(columns: readonly Column<Neighbor>[], rows: readonly Neighbor[], options: RenderOptions): string {
  const shown = rows.filter((row) => row.rawState !== NUD_NOARP);
  const hidden = rows.length - shown.length;
  const table = renderTable(columns, shown, options);
  return hidden === 0 ? table : `${table}(${hidden} NOARP rows are not shown; -o json has them)\n`;
}

function renderSnapshot(snapshot: HostSnapshot, options: RenderOptions): string {
  const { host } = snapshot;
  const head = `host ${printable(host.name)} (${printable(host.id)}), Linux ${printable(host.kernel)}, read ${host.readAt}\n`;
  const parts = [
    ['Network namespaces', renderTable(NETNS_COLUMNS, LISTS.netns.list(snapshot, {}).items, options)],
    ['Interfaces', renderTable(INTERFACE_COLUMNS, LISTS.interfaces.list(snapshot, {}).items, options)],
    ['Veth pairs', renderTable(VETH_COLUMNS, LISTS.veths.list(snapshot, {}).items, options)],
    ['VXLANs', renderTable(VXLAN_COLUMNS, LISTS.vxlans.list(snapshot, {}).items, options)],
  ];
  return [head, ...parts.map(([title, table]) => `${title}\n${table}`)].join('\n');
}

// ECMA-48, SGR.
const SGR = { good: '\u001b[32m', bad: '\u001b[31m', dim: '\u001b[2m', reset: '\u001b[0m' } as const;

/** Rows under a heading, columns as wide as their longest cell; columns that are empty in every row are left out. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { colour }: RenderOptions): string {
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
        const mood = colour && row !== undefined ? columns[at]?.mood?.(row) : undefined;
        return mood === undefined ? text : SGR[mood] + text + SGR.reset;
      })
      .join('  '),
  );
  return `${[heading, ...lines].map((line) => line.trimEnd()).join('\n')}\n`;
}

function cellText<Row>(column: Column<Row>, row: Row): string {
  const cell = column.cell(row);
  return cell === undefined || cell === '' ? '-' : printable(String(cell));
}

/** Width in columns, near enough: East Asian wide characters take two. */
function textWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  return width;
}
