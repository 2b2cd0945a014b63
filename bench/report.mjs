// The tables, in Markdown.
import { cpus, loadavg, release } from 'node:os';
import { collectorTables, collectorTargets } from './collector-report.mjs';
import { judge, stretchesOf, verdict } from './targets.mjs';

/** The machine, as far as it explains the numbers. */
export function describeMachine() {
  const date = new Date().toISOString().slice(0, 10);
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    kernel: release(),
    node: process.version,
    date,
    load: loadavg()[0],
  };
}

const ms = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const times = (value) => `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ×`;
const mb = (value) => value.toFixed(0);

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/**
 * The whole document, Markdown.
 * @param {ReturnType<typeof describeMachine>} machine at the beginning
 * @param {object[]} results one for each size, with what was measured of it
 * @param {object} [big] of big.mjs
 * @param {string[]} words of the command line
 */
export function render(machine, results, big, words) {
  const about =
    `${describeRun(machine, words)} ` +
    'Medians; ratios are taken inside each round, with the smallest and the largest. What each row does: README.md.';
  return (
    [
      '# Results of `npm run bench`',
      about,
      '## Targets',
      targets(results, big),
      ...results.flatMap(section),
      ...(big === undefined ? [] : bigSection(big)),
    ].join('\n\n') + '\n'
  );
}

function describeRun(machine, words) {
  return (
    `${machine.cores} cores (${machine.cpu}), Linux ${machine.kernel}, Node ${machine.node}, ${machine.date}. ` +
    `\`npm run bench${words.length === 0 ? '' : ` -- ${words.join(' ')}`}\`; load average ${machine.load.toFixed(1)} before it began.`
  );
}

/** What the part about the collector begins with: it is recorded by itself. */
export const COLLECTOR_HEADING = '## A collector of many agents';

/** That part, Markdown. @param {object} collector of collector.mjs */
export function renderCollector(machine, collector, words) {
  const rows = collectorTargets(collector).map(({ value, ...target }) => verdict(target, value));
  const cells = rows.map((row) => [row.measure, row.size, row.target, row.measured, row.verdict]);
  const targetTable = table(['measure', 'agents × namespaces', 'target', 'measured', ''], cells);
  return [COLLECTOR_HEADING, describeRun(machine, words), targetTable, ...collectorTables(collector, table)].join('\n\n') + '\n';
}

function targets(results, big) {
  const rows = judge(results, big).map((row) => [row.measure, row.size, row.target, row.measured, row.verdict]);
  return table(['measure', 'namespaces', 'target', 'measured', ''], rows);
}

function section({ size, loads, scan, programs, agent, cost, decode }) {
  const load = `Load average ${loads.map((value) => value.toFixed(1)).join(' before, ')} after.`;
  const counts = scan && `${scan.counts.links} links, ${scan.counts.addresses} addresses, ${scan.counts.others} other rows. `;
  return [
    `## ${size} namespaces`,
    `${counts ?? ''}${load}`,
    ...(scan === undefined ? [] : [rounds('scan', scan.rows, size)]),
    ...(programs === undefined ? [] : [rounds('whole process', programs, size)]),
    ...(agent === undefined ? [] : agentTables({ size, agent })),
    ...(cost === undefined ? [] : [costTable(cost)]),
    ...(decode === undefined ? [] : [decodeTable(decode)]),
  ];
}

function rounds(what, rows, size) {
  const title = (id) => rows.find((row) => row.id === id)?.title ?? id;
  return table(
    [what, 'ms', 'µs for each namespace', 'ratio', 'range', 'to', 'rounds'],
    rows.map((row) => [
      row.title,
      ms(row.ms),
      ((row.ms * 1000) / size).toFixed(1),
      times(row.ratio),
      `${times(row.low)} to ${times(row.high)}`,
      row.base === row.id ? 'itself' : title(row.base),
      row.rounds,
    ]),
  );
}

function agentTables({ size, agent }) {
  const { latency, watching, idle, flood, syncedMs, serving } = agent;
  return [
    table(
      ['the agent’s main thread, longest stretch', 'ms', 'with waiting for a core'],
      Object.entries(stretchesOf({ size, agent })).map(([what, { ownMs, wallMs }]) => [what, ms(ownMs), ms(wallMs)]),
    ),
    table(
      ['call of a client in another process', 'ms', 'items'],
      [['Watch until SYNCED, all tables', ms(syncedMs), ''], ...serving.map((one) => [one.name, ms(one.ms), one.items])],
    ),
    table(
      ['change to client', 'changes', 'p50 ms', 'p99 ms', 'worst ms', 'without an answer'],
      [
        ['single, 5 to 30 ms apart', latency.changes, ms(latency.p50Ms), ms(latency.p99Ms), ms(latency.maxMs), latency.lost],
        [`${flood.perSecond.toFixed(0)} a second`, flood.changes, ms(flood.p50Ms), ms(flood.p99Ms), ms(flood.maxMs), flood.lost],
      ],
    ),
    `From the kernel’s acknowledgement. From before the kernel was asked, single ones took ${ms(latency.p50SentMs)} (p50) and ${ms(latency.p99SentMs)} ms ` +
      `(p99); the kernel itself took ${ms(latency.kernelP99Ms)} ms (p99), in the flood ${ms(flood.kernelP99Ms)} ms: much means that somebody else held its ` +
      `lock. A message has ${latency.bytes} bytes. During the ${flood.seconds} s of the flood the agent took ` +
      `${flood.cpuPercent.toFixed(0)} % of one core; afterwards ${flood.wrong} rows were not as iproute2 tells them.`,
    table(
      ['the agent’s memory and rest', ''],
      [
        ['resident, watching and serving (MB)', mb(watching.residentMb)],
        ['most until then (MB)', mb(watching.peakMb)],
        ['resident after the flood (MB)', mb(flood.residentMb)],
        ['most until then (MB)', mb(flood.peakMb)],
        [`idle for ${idle.seconds} s: % of one core`, idle.percent.toFixed(2)],
      ],
    ),
  ];
}

const WAYS = { single: 'one by one, 1 to 3 ms apart', fast: 'as fast as they go' };

function costTable(cost) {
  return table(
    [
      'somebody else’s `ip link set mtu`',
      'without us (µs)',
      'watched (µs)',
      'added (µs)',
      'range',
      'added to the mean',
      'rounds',
    ],
    cost.map((row) => [
      WAYS[row.id],
      row.without.toFixed(1),
      row.watched.toFixed(1),
      row.added.toFixed(1),
      `${row.low.toFixed(1)} to ${row.high.toFixed(1)}`,
      row.addedMean.toFixed(1),
      row.rounds,
    ]),
  );
}

function decodeTable(decode) {
  return table(
    ['decoding one link, warm', 'µs', 'bytes'],
    decode.map((one) => [one.title, one.us.toFixed(2), one.bytes.toFixed(0)]),
  );
}

function bigSection(big) {
  return [
    `## One namespace with ${big.rows} forwarding entries and ${big.rows} neighbours`,
    `A watcher had everything after ${ms(big.syncedMs)} ms; longest stretch meanwhile ${ms(big.syncStretch.ownMs)} ms, of the first read ` +
      `${ms(big.readStretch.ownMs)} ms. The agent is at ${mb(big.memory.residentMb)} MB, at most ${mb(big.memory.peakMb)} MB.`,
    table(
      ['one row changed', 'messages', 'bytes', 'longest stretch (ms)', 'worst of them (ms)', 'computing (ms)', 'changes'],
      big.changed.map((one) => [
        one.table,
        one.messages,
        one.bytes,
        ms(one.stretchMs),
        ms(one.worstStretchMs),
        ms(one.cpuMs),
        one.changes,
      ]),
    ),
  ];
}
