// What the measures are held to. Each target names the value it judges; one that was not measured in this run is said to be so.

const at = (rows, id) => rows?.find((row) => row.id === id);
const ratio = (part, id) => (result) => at(result[part], id)?.ratio;
const scanRatio = (id) => (result) => at(result.scan?.rows, id)?.ratio;

const times = (value) => `${value.toFixed(2)} ×`;
const ms = (value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
const percent = (value) => `${value.toFixed(value < 10 ? 2 : 0)} %`;

/** The agent's longest stretches, by what it was doing. @returns {Record<string, { ownMs: number, wallMs: number }>} */
export function stretchesOf({ agent }) {
  if (agent === undefined) return {};
  return {
    'first read': agent.readStretch,
    'initial state to a watcher': agent.syncStretch,
    ...Object.fromEntries(agent.serving.map(({ name, stretch }) => [name, stretch])),
    'single changes': agent.latency.stretch,
    '1,000 changes a second': agent.flood.stretch,
  };
}

function longestStretch(result) {
  const all = Object.values(stretchesOf(result));
  return all.length === 0 ? undefined : Math.max(...all.map(({ ownMs }) => ownMs));
}

/** Targets of one size. `sizes`: those they speak of; at others they are told all the same, without a verdict. */
const TARGETS = [
  {
    measure: 'full scan in a running agent, links and addresses, all rows told anew',
    sizes: [1000, 5000],
    target: 'at most 1.1 × the C floor',
    value: scanRatio('full'),
    limit: 1.1,
    show: times,
  },
  {
    measure: 'rescan when nothing changed',
    sizes: [1000, 5000],
    target: 'at most 1.05 × the C floor',
    value: scanRatio('rescan'),
    limit: 1.05,
    show: times,
  },
  {
    measure: 'all tables: full scan',
    sizes: [5000],
    target: 'at most 0.5 × the naive C floor',
    value: scanRatio('full-all'),
    limit: 0.5,
    show: times,
  },
  {
    measure: 'all tables: rescan under events',
    sizes: [5000],
    target: 'at most 0.5 × the naive C floor',
    value: scanRatio('rescan-events'),
    limit: 0.5,
    show: times,
  },
  {
    measure: 'one-shot `nsatlas snapshot`, whole process',
    sizes: [1000],
    target: 'at most 1 × the Go program',
    value: ratio('programs', 'snapshot'),
    limit: 1,
    show: times,
  },
  {
    measure: 'main thread blocked at a stretch',
    sizes: 'any',
    target: 'at most 5 ms',
    value: longestStretch,
    limit: 5,
    show: ms,
  },
  {
    measure: 'resident memory, watching and serving',
    sizes: [1000],
    target: 'at most 110 MB',
    value: ({ agent }) => agent?.watching.residentMb,
    limit: 110,
    show: (value) => `${value.toFixed(0)} MB`,
  },
  {
    measure: 'idle',
    sizes: [1000],
    target: 'under 0.5 % of one core',
    value: ({ agent }) => agent?.idle.percent,
    limit: 0.5,
    show: percent,
  },
  {
    measure: 'one change, kernel to gRPC client, p50',
    sizes: [1000],
    target: 'at most 1 ms',
    value: ({ agent }) => agent?.latency.p50Ms,
    limit: 1,
    show: ms,
  },
  {
    measure: 'one change, kernel to gRPC client, p99',
    sizes: [1000],
    target: 'at most 6 ms',
    value: ({ agent }) => agent?.latency.p99Ms,
    limit: 6,
    show: ms,
  },
  {
    measure: 'what watching adds to somebody else’s change of a link, single changes',
    sizes: [1000],
    target: 'at most 30 µs',
    value: ({ cost }) => at(cost, 'single')?.added,
    limit: 30,
    show: (value) => `${value.toFixed(1)} µs`,
  },
  {
    measure: '1,000 changes a second: changes or rows that are not as iproute2 tells them',
    sizes: 'any',
    target: 'none',
    value: ({ agent }) => agent && agent.flood.lost + agent.flood.wrong,
    limit: 0,
    show: String,
  },
  {
    measure: '1,000 changes a second, p99',
    sizes: 'any',
    target: 'at most 250 ms',
    value: ({ agent }) => agent?.flood.p99Ms,
    limit: 250,
    show: ms,
  },
];

/** How many times dearer the dearest namespace is than the cheapest, over the sizes; undefined with fewer than two. */
function spread(results, id) {
  const perNamespace = results.flatMap(({ size, scan }) => {
    const row = at(scan?.rows, id);
    return row === undefined ? [] : [row.ms / size];
  });
  return perNamespace.length < 2 ? undefined : (Math.max(...perNamespace) / Math.min(...perNamespace) - 1) * 100;
}

function spreadOfRatio(results) {
  const ratios = results.flatMap((result) => scanRatio('rescan')(result) ?? []);
  return ratios.length < 2 ? undefined : (Math.max(...ratios) / Math.min(...ratios) - 1) * 100;
}

/**
 * Every target with what was measured.
 * @returns {{ measure: string, size: string, target: string, measured: string, verdict: 'met' | 'missed' | '' | 'not measured' }[]}
 */
export function judge(results, big) {
  const rows = TARGETS.flatMap((target) => judgeSizes(target, results));
  const sizes = results.map(({ size }) => size).join(', ');
  const flat = { size: sizes, target: 'within 20 %', limit: 20, show: percent };
  rows.push(
    verdict({ ...flat, measure: 'cost per namespace of a rescan: spread over the sizes' }, spread(results, 'rescan')),
    verdict(
      { ...flat, measure: '… of which the kernel’s own (the C floor)', limit: undefined, target: '' },
      spread(results, 'floor'),
    ),
    verdict({ ...flat, measure: '… as a ratio to the floor' }, spreadOfRatio(results)),
  );
  const ofBig = { size: big === undefined ? '' : `1 with 2 × ${big.rows} rows` };
  const most = (field) => big && Math.max(...big.changed.map((one) => one[field]));
  rows.push(
    verdict({ ...ofBig, measure: 'one row changed: messages', target: 'one', limit: 1, show: String }, most('messages')),
    verdict(
      { ...ofBig, measure: '… their bytes', target: 'small', limit: 1000, show: (bytes) => `${bytes} bytes` },
      most('bytes'),
    ),
    verdict(
      { ...ofBig, measure: '… main thread blocked at a stretch', target: 'at most 5 ms', limit: 5, show: ms },
      most('worstStretchMs'),
    ),
  );
  const begin = big && Math.max(big.readStretch.ownMs, big.syncStretch.ownMs);
  rows.push(
    verdict(
      { ...ofBig, measure: '… the same while it is read and told first', target: 'at most 5 ms', limit: 5, show: ms },
      begin,
    ),
  );
  return rows;
}

function judgeSizes(target, results) {
  const measured = results.flatMap((result) => {
    const value = target.value(result);
    const isMeant = target.sizes === 'any' || target.sizes.includes(result.size);
    return value === undefined
      ? []
      : [verdict({ ...target, size: String(result.size), ...(!isMeant && { limit: undefined }) }, value)];
  });
  const missing = (target.sizes === 'any' ? [] : target.sizes).filter(
    (size) => !measured.some((row) => row.size === String(size)),
  );
  return [...measured, ...missing.map((size) => verdict({ ...target, size: String(size) }, undefined))];
}

/** A row of a table of targets. `limit` undefined: told without a verdict. @param {number | undefined} value */
export function verdict({ measure, size, target, limit, show }, value) {
  if (value === undefined) return { measure, size, target, measured: '', verdict: 'not measured' };
  const word = limit === undefined ? '' : value <= limit ? 'met' : 'missed';
  return { measure, size, target, measured: show(value), verdict: word };
}
