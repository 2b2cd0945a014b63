// The configuration that operators take, as a real promtool reads it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeCertificates } from '../support/certificates.js';
import { prometheusObstacle, promtool } from '../support/prometheus.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

const RULES = join(ROOT, 'deploy/prometheus-rules.yml');

t.test('deploy/', { skip: prometheusObstacle() ?? false }, async (t) => {
  t.test('has rules that Prometheus takes', async (t) => {
    const { status, said } = promtool(['check', 'rules', RULES]);
    t.equal(status, 0, said);
  });

  t.test('has a configuration that Prometheus takes, with certificates where it says', async (t) => {
    const { ca, people } = makeCertificates(t);
    const folder = mkdtempSync(join(tmpdir(), 'nsatlas-prometheus-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const config = readFileSync(join(ROOT, 'deploy/prometheus.yml'), 'utf8')
      .replaceAll('/run/secrets/nsatlas-ca.pem', ca)
      .replaceAll('/run/secrets/nsatlas-people.pem', people.cert)
      .replaceAll('/run/secrets/nsatlas-people-key.pem', people.key)
      .replaceAll('prometheus-rules.yml', RULES);
    t.ok(!config.includes('/run/secrets/'));
    writeFileSync(join(folder, 'prometheus.yml'), config);
    const { status, said } = promtool(['check', 'config', join(folder, 'prometheus.yml')]);
    t.equal(status, 0, said);
    t.match(said, /SUCCESS/);
  });

  t.test('has rules that fire when they should, and not before', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nsatlas-prometheus-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'test.json');
    const series = (name: string, values: string): object => ({ series: name, values });
    const test = {
      rule_files: [RULES],
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: [
            series('nsatlas_agent_up{host="a",name="A",agent="a:1"}', '0x20'),
            series('nsatlas_agent_up{host="b",name="B",agent="b:1"}', '1x20'),
            series('nsatlas_events_lost_total{instance="a"}', '0x10 1x10'),
            series('nsatlas_interface_receive_bytes_total{service="web",interface="eth0",host="a"}', '0+1500x20'),
            series('nsatlas_interface_receive_bytes_total{service="web",interface="eth0",host="b"}', '0+3000x20'),
            series('nsatlas_interface_receive_bytes_total{service="web",interface="lo",host="b"}', '0+9000x20'),
          ],
          promql_expr_test: [
            {
              expr: 'nsatlas:service_receive_bytes:rate1m',
              eval_time: '4m',
              exp_samples: [{ labels: 'nsatlas:service_receive_bytes:rate1m{service="web"}', value: 300 }],
            },
            { expr: 'count(ALERTS{alertname="NsatlasAgentDown",alertstate="firing"})', eval_time: '1m', exp_samples: [] },
            {
              expr: 'count(ALERTS{alertname="NsatlasAgentDown",alertstate="firing"})',
              eval_time: '3m',
              exp_samples: [{ labels: '{}', value: 1 }],
            },
            { expr: 'count(ALERTS{alertname="NsatlasEventsLost"})', eval_time: '2m', exp_samples: [] },
            { expr: 'count(ALERTS{alertname="NsatlasEventsLost"})', eval_time: '4m', exp_samples: [{ labels: '{}', value: 1 }] },
          ],
        },
      ],
    };
    writeFileSync(file, JSON.stringify(test));
    const { status, said } = promtool(['test', 'rules', file]);
    t.equal(status, 0, said);
  });
});
