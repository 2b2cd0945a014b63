// What was measured of a collector: what is judged, and tables.

const s = (value) => `${(value / 1000).toFixed(2)} s`;
const ms = (value) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const mb = (value) => `${value.toFixed(0)} MB`;
const percent = (value) => `${value.toFixed(0)} %`;

/**
 * Bytes in use for each more of something, between the runs of each size and the next.
 * @param {object[]} runs of rising size
 * @param {(run: object) => number} count of a run
 * @returns {number[]}
 */
export function growth(runs, count) {
  return runs.slice(1).map((run, at) => (run.liveBytes - runs[at].liveBytes) / (count(run) - count(runs[at])));
}

/** How much more the dearest of them is than the cheapest, in percent. */
export function spread(values) {
  return (Math.max(...values) / Math.min(...values) - 1) * 100;
}

const interfacesOf = ({ counts }) => counts.interfaces;
const rowsOf = ({ counts }) => counts.rows;

/** At full size a target has a limit; at others it is told without a verdict. */
const FULL = { many: { agents: 200, namespaces: 100 }, big: { agents: 50, rows: 50_000 } };

/**
 * What is judged.
 * @param {object} collector of collector.mjs
 * @returns {{ measure: string, size: string, target: string, limit?: number, show: (value: number) => string, value: number }[]}
 */
export function collectorTargets({ many, big, byInterfaces, byRows }) {
  const row = (run, wanted) => (measure, target, limit, show, value) => {
    const isFull = Object.entries(wanted).every(([field, size]) => run.shape[field] === size);
    return { measure, size: `${run.plan.agents} × ${run.plan.namespaces}`, target, ...(isFull && { limit }), show, value };
  };
  const ofMany = row(many, FULL.many);
  const ofBig = row(big, FULL.big);
  const { steady, restart } = many;
  const lost = steady.lost + steady.wrong.length;
  return [
    ofMany('all agents in sync, from the start of the process', 'under 10 s', 10_000, s, many.syncedMs),
    ofMany('… most resident memory', 'under 700 MB', 700, mb, many.peakMb),
    ofBig('very many rows: most resident memory', 'under 1.5 GB', 1500, mb, big.peakMb),
    ofBig('… main thread blocked at a stretch', 'at most 50 ms', 50, ms, big.stretch.ownMs),
    ofMany('steady changes: lost, and tables that are not as the agents have them', 'none', 0, String, lost),
    ofMany('… change to a watching client, p99', 'under 500 ms', 500, ms, steady.p99Ms),
    ofMany('… computing', 'at most one core', 100, percent, steady.cpuPercent),
    ofMany('a restarted agent in sync, from its first answer', 'within 2 s', 2000, s, restart.syncedMs),
    ofMany(
      'bytes for each interface: spread over the sizes',
      'within 20 %',
      20,
      percent,
      spread(growth(byInterfaces, interfacesOf)),
    ),
    ofBig('bytes for each row: spread over the sizes', 'within 20 %', 20, percent, spread(growth(byRows, rowsOf))),
  ];
}

/** @param {object} collector of collector.mjs @param {(head: string[], rows: string[][]) => string} table @returns {string[]} Markdown */
export function collectorTables({ many, byInterfaces, byRows }, table) {
  const { steady, restart } = many;
  return [
    table(
      [
        'first sync',
        'interfaces',
        'rows',
        'seconds',
        'computing (s)',
        'resident (MB)',
        'most (MB)',
        'in use (MB)',
        'longest stretch (ms)',
        'with waiting for a core',
        'garbage (ms)',
      ],
      [...byInterfaces, ...byRows].map((run) => [
        `${run.plan.agents} agents × ${run.plan.namespaces}`,
        run.counts.interfaces,
        run.counts.rows,
        (run.syncedMs / 1000).toFixed(2),
        (run.syncedCpuMs / 1000).toFixed(2),
        run.residentMb.toFixed(0),
        run.peakMb.toFixed(0),
        (run.liveBytes / 1e6).toFixed(0),
        run.stretch.ownMs.toFixed(1),
        run.stretch.wallMs.toFixed(1),
        run.stretch.gcMs.toFixed(1),
      ]),
    ),
    `Each more interface takes ${bytes(growth(byInterfaces, interfacesOf))} bytes, its share of namespaces, owners and rows included; each more row ` +
      `${bytes(growth(byRows, rowsOf))} bytes.`,
    table(
      [`${steady.perSecond.toFixed(0)} changes a second for ${steady.seconds} s`, ''],
      [
        ['changes', steady.made],
        ['… with a time of their own', steady.timed],
        [
          'to a watching client: p50, p99, worst (ms)',
          [steady.p50Ms, steady.p99Ms, steady.maxMs].map((value) => value.toFixed(1)).join(', '),
        ],
        [
          `… in the ${steady.cold.seconds} s before, in which all code is cold`,
          [steady.cold.p50Ms, steady.cold.p99Ms, steady.cold.maxMs].map((value) => value.toFixed(1)).join(', '),
        ],
        ['without an answer', steady.lost],
        ['tables of hosts that are not as the agents have them', steady.wrong.length],
        ['computing: % of one core', steady.cpuPercent.toFixed(0)],
        [
          'longest stretch (ms), with waiting for a core',
          `${steady.stretch.ownMs.toFixed(1)}, ${steady.stretch.wallMs.toFixed(1)}`,
        ],
        ['resident afterwards, most (MB)', `${steady.residentMb.toFixed(0)}, ${steady.peakMb.toFixed(0)}`],
        [
          'restarted agent in sync after its first answer, after it listened (ms)',
          `${restart.syncedMs.toFixed(0)}, ${restart.fromStartMs.toFixed(0)}`,
        ],
      ],
    ),
  ];
}

function bytes(values) {
  return values.map((value) => value.toFixed(0)).join(' and ');
}
