// What the tests of metrics share: an agent of its own process that is scraped, and what a scrape says.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { NSATLAS } from '../support/cli.js';

/** An agent that is scraped. */
export interface ScrapedAgent {
  readonly child: ChildProcess;
  /** HOST:PORT of gRPC. */
  readonly address: string;
  /** HOST:PORT of the metrics. */
  readonly metrics: string;
  /** One scrape. */
  scrape(): Promise<string>;
}

/** Starts `nsatlas agent` with metrics on free ports; killed when the test ends. @param prefix a command in front */
export async function startScraped(t: Test, args: readonly string[], prefix: readonly string[] = []): Promise<ScrapedAgent> {
  const own = [NSATLAS, 'agent', '--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', ...args];
  const [command = '', ...rest] = [...prefix, process.execPath, ...own];
  const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const log: string[] = [];
  let metrics = '';
  for await (const line of createInterface({ input: child.stderr })) {
    log.push(line);
    if (!line.startsWith('{')) continue;
    const { msg, address, addresses } = JSON.parse(line) as { msg: string; address?: string; addresses?: string[] };
    if (msg === 'serving metrics') metrics = address ?? '';
    if (msg !== 'serving') continue;
    child.stderr.resume();
    const scrape = async (): Promise<string> => (await fetch(`http://${metrics}/metrics`)).text();
    return { child, address: addresses?.[0] ?? '', metrics, scrape };
  }
  throw new Error(`the agent ended: ${log.join('\n')}`);
}

/** One series of the text format. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format, strictly. @throws for a line that is none of it */
export function parseText(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const parts = /^([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/i.exec(line);
      if (parts === null) throw new Error(`no line of the text format: ${line}`);
      const labels = [...(parts[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [
        name,
        value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
      ]);
      return { name: parts[1] ?? '', labels: Object.fromEntries(labels) as Record<string, string>, value: Number(parts[3]) };
    });
}

/** The series of one name whose labels are these. */
export function seriesOf(all: readonly Series[], name: string, labels: Readonly<Record<string, string>> = {}): Series[] {
  return all.filter(
    (series) => series.name === name && Object.entries(labels).every(([key, value]) => series.labels[key] === value),
  );
}
