// A real Prometheus and its promtool: scripts/install-prometheus.sh.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from './root.js';

/** Where a program is. @throws when it is not installed */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: run scripts/install-prometheus.sh`);
  return path;
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', join(ROOT, '.cache/prometheus')];
  return folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
}

/** Why there can be no Prometheus here, with what helps; undefined when there can. For tests: `{ skip: prometheusObstacle() ?? false }`. */
export function prometheusObstacle(): string | undefined {
  const missing = ['prometheus', 'promtool'].filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}; scripts/install-prometheus.sh installs them`;
}

/** How promtool ended, and what it said. */
export function promtool(args: readonly string[], input = ''): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(programPath('promtool'), args, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status, said: `${stdout}${stderr}` };
}

/** One series of the answer to an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that runs for one test. */
export interface RunningPrometheus {
  /** The answer to an instant query. */
  query(expression: string): Promise<Sample[]>;
  /** Labels of the targets that were found, with how the last scrape went. */
  targets(): Promise<readonly { readonly health: string; readonly lastError: string; readonly labels: Record<string, string> }[]>;
}

/**
 * Starts a Prometheus that is killed when the test ends, with its data.
 * @param config of prometheus.yml, in JSON's part of YAML
 */
export async function startPrometheus(t: Test, config: object): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'nsatlas-prometheus-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config));
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, '--web.listen-address=127.0.0.1:0'];
  const child = spawn(programPath('prometheus'), flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const address = await listeningAddress(child);
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${address}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as { data?: unknown; error?: string };
    if (data === undefined) throw new Error(`Prometheus answered ${answer.status}: ${error}`);
    return data;
  };
  return {
    query: async (expression) => {
      const { result } = (await get(`query?query=${encodeURIComponent(expression)}`)) as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    targets: async () =>
      ((await get('targets')) as { activeTargets: { health: string; lastError: string; labels: Record<string, string> }[] })
        .activeTargets,
  };
}

/** Prometheus says on stderr where it listens, and later that it is ready. Its stderr is read to the end: a program of Go dies when it cannot write there. */
function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    let address: string | undefined;
    child.stderr?.on('data', (chunk) => {
      if (address !== undefined && said === '') return;
      said += String(chunk);
      address ??= /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (address === undefined || !said.includes('Server is ready to receive web requests')) return;
      said = '';
      resolve(address);
    });
    child.once('exit', () => reject(new Error(`Prometheus ended: ${said}`)));
  });
}
