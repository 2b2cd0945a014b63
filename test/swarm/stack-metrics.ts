// A real Prometheus beside the stack, with deploy/prometheus.yml: it finds agents and collector by itself.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type LabHost, type LabProcess, waitFor } from '../lab/index.js';
import { certificates } from '../lab/stack.js';
import { programPath, prometheusObstacle } from '../support/prometheus.js';
import { ROOT } from '../support/root.js';
import { SERVICE, type StackRig } from './stack-rig.js';

const ADDRESS = '127.0.0.1:9090';

interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: { readonly job: string; readonly instance: string };
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Registers the tests. */
export function scrapedStack(t: Test, rigOf: () => StackRig): void {
  t.test(
    'is found and scraped by a Prometheus with the project’s configuration, which tells what each service receives',
    {
      skip: prometheusObstacle() ?? false,
    },
    async (t) => {
      const rig = rigOf();
      await rig.inSync();
      const prometheus = await startPrometheus(rig);
      try {
        const wanted = [
          ...rig.hosts.map(({ address }) => `nsatlas-agents ${address}:9117 up`),
          `nsatlas-collector ${rig.manager.address}:9127 up`,
        ];
        let last: readonly Target[] = [];
        await waitFor(
          'three agents and a collector to be scraped',
          async () => {
            last = (await ask<{ activeTargets: Target[] }>(rig.manager, 'targets')).activeTargets;
            return last.map(nameOf).sort().join('\n') === wanted.sort().join('\n') ? true : undefined;
          },
          { timeoutMs: 60_000, everyMs: 500, detail: () => last.map((each) => `${nameOf(each)} ${each.lastError}`).join('\n') },
        );
        const [h1, h2] = rig.hosts;
        const [from, to] = [await rig.container(h1, SERVICE), await rig.container(h2, SERVICE)];
        const address = await h2.docker(
          'inspect',
          '--format',
          '{{(index .NetworkSettings.Networks "app_net").IPAddress}}',
          to.id,
        );
        // Some 300 kB, which nothing else in the lab sends.
        const ping = h1.docker('exec', from.id, 'ping', '-c', '30', '-i', '0.2', '-s', '10000', address);
        const received = await waitFor(
          'the recorded rate of the service',
          async () => {
            const [series] = await query(rig.manager, `nsatlas:service_receive_bytes:rate1m{service="${SERVICE}"} > 1000`);
            return series;
          },
          { timeoutMs: 60_000, everyMs: 500 },
        );
        await ping;
        t.equal(received.metric['service'], SERVICE);
        const up = await query(rig.manager, 'nsatlas_agent_up == 1');
        t.equal(up.length, 3, 'the collector tells which agents it hears');
        const members = await query(rig.manager, 'nsatlas_fabric_overlay_members{network="app_net"}');
        t.strictSame(
          members.map(({ value: [, count] }) => count),
          ['3'],
        );
      } finally {
        await prometheus.stop('SIGKILL');
      }
    },
  );
}

/** With the files of deploy/, but for where the certificates are and how often it scrapes. */
async function startPrometheus({ lab, manager }: StackRig): Promise<LabProcess> {
  const file = join(lab.dir, 'prometheus.yml');
  const text = readFileSync(join(ROOT, 'deploy/prometheus.yml'), 'utf8')
    .replaceAll('/run/secrets/nsatlas-', `${certificates(lab.dir)}/`)
    .replaceAll('prometheus-rules.yml', join(ROOT, 'deploy/prometheus-rules.yml'))
    .replace('scrape_interval: 15s', 'scrape_interval: 2s\n  evaluation_interval: 2s')
    .replace('scrape_timeout: 10s', 'scrape_timeout: 2s');
  writeFileSync(file, text);
  const flags = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(lab.dir, 'prometheus')}`,
    `--web.listen-address=${ADDRESS}`,
  ];
  return manager.spawn([programPath('prometheus'), ...flags], { stdio: 'ignore' });
}

function nameOf({ labels: { job, instance }, health }: Target): string {
  return `${job} ${instance} ${health}`;
}

/** Asks the API of the Prometheus on a host, from that host. */
async function ask<Data>(host: LabHost, path: string): Promise<Data> {
  const script = 'fetch(process.argv[1]).then((answer) => answer.text()).then((text) => process.stdout.write(text))';
  const { stdout } = await host.exec([process.execPath, '-e', script, `http://${ADDRESS}/api/v1/${path}`]);
  return (JSON.parse(stdout) as { data: Data }).data;
}

async function query(host: LabHost, expression: string): Promise<readonly Series[]> {
  return (await ask<{ result: Series[] }>(host, `query?query=${encodeURIComponent(expression)}`)).result;
}
