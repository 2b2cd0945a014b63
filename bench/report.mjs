// The tables, and what they say.
import { cpus, loadavg, release } from 'node:os';

/**
 * What the architecture is held to, from the prototype it was chosen by: reading and decoding by fresh sockets, warm, against the
 * floor; and the longest stretch that a scan may hold the main thread.
 */
const TARGET_DECODED = new Map([
  [100, 1.51],
  [1000, 1.26],
]);
const TARGET_STRETCH_MS = 2;

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

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** @returns the whole document, Markdown */
export function render(machine, results) {
  const about =
    `${machine.cores} cores (${machine.cpu}), Linux ${machine.kernel}, Node ${machine.node}, ${machine.date}. ` +
    'Medians; ratios to the C floor of the same round, in brackets the smallest and the largest.';
  return ['# Results of `npm run bench`', about, ...results.flatMap(section)].join('\n\n') + '\n';
}

function section(result) {
  const { size, links, addresses, bytes, rows, repeats, decoding, load } = result;
  return [
    `## ${size} namespaces`,
    `${links} links, ${addresses} addresses, ${(bytes / 1e6).toFixed(1)} MB. Load average ${load.map((value) => value.toFixed(1)).join(' before, ')} after.`,
    table(
      ['what', 'ms', 'ratio to floor', 'range', 'rounds'],
      rows.map((row) => [row.title, ms(row.ms), times(row.ratio), `${times(row.low)} to ${times(row.high)}`, row.rounds]),
    ),
    table(
      [
        'main thread and memory, 20 scans',
        'longest stretch, first scan (ms)',
        'median of warm scans (ms)',
        'worst warm (ms)',
        'peak RSS (MB)',
      ],
      repeats.map((one) => [one.tables, ms(one.coldMs), ms(one.warmMs), ms(one.worstMs), one.peakRssMb.toFixed(0)]),
    ),
    table(
      ['decoding one link, warm', 'µs', 'bytes'],
      decoding.map((one) => [one.title, one.us.toFixed(2), one.bytes.toFixed(0)]),
    ),
    reading(result),
  ];
}

/** The targets that are missed, and where the time goes: differences of the medians above. */
function reading({ size, rows, repeats }) {
  const at = (id) => rows.find((row) => row.id === id);
  const share = (to, from) => ms(at(to).ms - at(from).ms);
  const target = TARGET_DECODED.get(size);
  const verdict = (isMet) => (isMet ? 'met' : 'missed');
  const decoded =
    target === undefined
      ? ''
      : `Target for reading and decoding, ${times(target)}: ${verdict(at('decode').ratio <= target)} (${times(at('decode').ratio)}). `;
  const stretch = repeats.find((one) => one.tables === 'scan').warmMs;
  return (
    decoded +
    `Target for the longest stretch of the main thread, ${TARGET_STRETCH_MS} ms: ${verdict(stretch <= TARGET_STRETCH_MS)} (${ms(stretch)} ms). ` +
    `Beyond the floor's ${ms(at('floor').ms)} ms, the reader takes ${share('reader', 'floor')} ms, decoding ${share('decode', 'reader')} ms, ` +
    `discovery and the model ${share('scan', 'decode')} ms, pairing ${share('pairs', 'scan')} ms, the other tables ${share('all', 'pairs')} ms. ` +
    `Of the one-shot snapshot's ${ms(at('snapshot').ms)} ms, ${ms(at('node').ms)} ms are Node's own start.`
  );
}
