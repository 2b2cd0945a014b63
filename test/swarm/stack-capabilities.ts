// docs/capabilities.md, row by row: the agent's service with one capability less, on the same host and at the same time.
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import type { Test } from 'tap';
import type { AgentClient } from '../../src/client/agent.js';
import { type LabHost, waitFor, waitForTasks } from '../lab/index.js';
import { deployStack } from '../lab/stack.js';
import type { StackRig } from './stack-rig.js';

interface Loss {
  readonly capability: string;
  /** Features of GetStatus that are off without it, and nothing else. */
  readonly features: readonly string[];
}

/** The table of docs/capabilities.md. */
const LOSSES: readonly Loss[] = [
  { capability: 'SYS_ADMIN', features: ['enter', 'events'] },
  { capability: 'SYS_PTRACE', features: ['processes'] },
  { capability: 'DAC_READ_SEARCH', features: ['closed-directories'] },
  { capability: 'NET_ADMIN', features: ['events'] },
  { capability: 'NET_BROADCAST', features: ['events'] },
];

/** What an agent tells of a host with one namespace of each sort. */
interface Told {
  /** Status of one that is mounted; undefined: not found. */
  readonly mounted: string | undefined;
  /** Of one that only a process refers to. */
  readonly ofProcess: string | undefined;
  /** Of one whose file is in a folder of somebody else, with mode 0700. */
  readonly closed: string | undefined;
  /** Whether it hears of changes, or reads all again and again. */
  readonly mode: string | undefined;
}

const ALL: Told = { mounted: 'OK', ofProcess: 'OK', closed: 'OK', mode: 'EVENTS' };

/** What is lost in deed, not only by name. */
const WITHOUT: Readonly<Record<string, Told>> = {
  SYS_ADMIN: { mounted: 'DENIED', ofProcess: 'DENIED', closed: 'DENIED', mode: 'POLLING' },
  SYS_PTRACE: { ...ALL, ofProcess: undefined },
  DAC_READ_SEARCH: { ...ALL, closed: 'DENIED' },
  NET_ADMIN: { ...ALL, mode: 'POLLING' },
  NET_BROADCAST: { ...ALL, mode: 'POLLING' },
};

/** Registers the tests. */
export function capabilities(t: Test, rigOf: () => StackRig): void {
  t.test('loses with each capability what docs/capabilities.md says, and nothing else', async (t) => {
    const rig = rigOf();
    const [, h2] = rig.hosts;
    const marks = await makeMarks(h2);
    t.after(() => marks.remove());
    const agents = await Promise.all(LOSSES.map(({ capability }, at) => deployWithout(rig, h2, capability, 7200 + at)));
    t.after(() => rig.manager.docker('stack', 'rm', ...agents.map(({ stack }) => stack)));
    const whole = await rig.agent(h2);
    await waitFor('the whole agent to know all', async () => same(await told(whole, marks), ALL), { timeoutMs: 20_000 });
    whole.close();
    for (const { capability, service } of agents) {
      const agent = await rig.agent(h2, service);
      const { features } = await agent.status();
      t.strictSame(
        features.filter(({ enabled }) => !enabled).map(({ name }) => name),
        LOSSES.find((loss) => loss.capability === capability)?.features,
        `without ${capability}`,
      );
      // What is off names what is missing.
      for (const { enabled, detail } of features) if (!enabled) t.match(detail, new RegExp(`CAP_${capability} `));
      t.strictSame(await told(agent, marks), WITHOUT[capability], `without ${capability}`);
      agent.close();
    }
  });
}

/** The agent's service of deploy/stack.yml on one host, on ports of its own, with a capability less. */
async function deployWithout(
  rig: StackRig,
  host: LabHost,
  capability: string,
  port: number,
): Promise<{ stack: string; service: string; capability: string }> {
  const stack = `without-${capability.toLowerCase().replaceAll('_', '-')}`;
  const edit = (text: string): string => {
    const [agent = '', , rest] = text.split(/^(?= {2}collector:|networks:)/m);
    assert.ok(agent.includes(`      - ${capability}\n`) && rest !== undefined);
    return agent
      .replace(`      - ${capability}\n`, '')
      .replace('mode: global', `mode: global\n      placement: {constraints: [node.hostname == ${host.name}]}`)
      .concat(rest);
  };
  const env = { NSATLAS_AGENT_PORT: String(port), NSATLAS_AGENT_METRICS_PORT: String(port + 100), NSATLAS_CERTS: capability };
  await deployStack(rig.lab, { stack, edit, env });
  await waitForTasks(rig.manager, `${stack}_agent`, 1, 120_000);
  return { stack, service: `${stack}_agent`, capability };
}

/** One namespace of each sort on a host. */
interface Marks {
  readonly mounted: string;
  readonly ofProcess: string;
  readonly closed: string;
  remove(): Promise<void>;
}

/** In the folder that the agent sees, so that each is there for it from the moment on in which it is mounted. */
async function makeMarks(host: LabHost): Promise<Marks> {
  const folder = '/run/docker/netns';
  const holder = await host.spawn(['unshare', '--net', 'sleep', '1000'], { stdio: 'ignore' });
  const make = `set -e; cd ${folder}; mkdir closed; : >closed/file; : >open; unshare --net=$PWD/closed/file true; unshare --net=$PWD/open true
    chmod 700 closed; chown 1000:1000 closed; stat --format %i open closed/file`;
  const [mounted, closed] = (await host.exec(['bash', '-c', make])).stdout.trim().split('\n');
  const ofProcess = await waitFor(
    'unshare to unshare',
    () => {
      const [own, its] = [host.pid, holder.pid].map((pid) => readlinkSync(`/proc/${pid}/ns/net`));
      return own === its ? undefined : its;
    },
    { timeoutMs: 5000 },
  );
  return {
    mounted: `net:[${mounted}]`,
    closed: `net:[${closed}]`,
    ofProcess,
    remove: async () => {
      await holder.stop('SIGKILL');
      await host.exec(['bash', '-c', `cd ${folder}; umount open closed/file; rm -r open closed`]);
    },
  };
}

async function told(agent: AgentClient, marks: Marks): Promise<Told> {
  const { items } = await agent.list('netns', {});
  const statusOf = (wanted: string): string | undefined => items.find(({ id }) => id === wanted)?.status;
  const { freshness } = await agent.status();
  const { mounted, ofProcess, closed } = marks;
  return { mounted: statusOf(mounted), ofProcess: statusOf(ofProcess), closed: statusOf(closed), mode: freshness?.mode };
}

/** A condition of waitFor(). */
function same(found: Told, wanted: Told): true {
  assert.deepEqual(found, wanted);
  return true;
}
