import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.js';
import { buildNsatlasImage, loadNsatlasImage, NSATLAS_IMAGE } from './builder.js';
import type { LabHost } from './host.js';
import { CLEAN_ENV } from './keeper.js';
import type { Lab } from './lab.js';
import { run } from './run.js';

/** The name of the stack; its services are nsatlas_agent and nsatlas_collector. */
export const STACK = 'nsatlas';

/** Where an agent and the collector listen on their hosts. */
export const PORTS = { agent: 7117, collector: 7127, agentMetrics: 9117, collectorMetrics: 9127 } as const;

/** The folder with the certificates of a lab, in the lab's folder: ca.pem, node.pem, node-key.pem for the services, people.pem, people-key.pem for who asks. */
export function certificates(dir: string): string {
  return join(dir, 'certs');
}

/** Makes them, as an operator does. */
export async function makeCertificates(lab: Lab): Promise<void> {
  await run(['sh', join(ROOT, 'deploy/certs.sh'), certificates(lab.dir)]);
}

/** Flags with which a person's command asks an agent or the collector. */
export function personFlags(dir: string, server: 'agent' | 'collector'): string[] {
  const file = (name: string): string => join(certificates(dir), name);
  const own = [`--tls-cert=${file('people.pem')}`, `--tls-key=${file('people-key.pem')}`];
  return [`--tls-ca=${file('ca.pem')}`, ...own, `--tls-server-name=${server}.nsatlas`];
}

/** All of it: the image, built from deploy/Dockerfile, certificates, and the stack deployed. Does not wait for the services. */
export async function startStack(lab: Lab): Promise<void> {
  const hosts = [...lab.hosts];
  const tar = await buildNsatlasImage(lab);
  await loadNsatlasImage(tar, hosts);
  await makeCertificates(lab);
  await deployStack(lab);
}

/** Changes the text of deploy/stack.yml before it is deployed. */
export type EditStack = (text: string) => string;

/**
 * `docker stack deploy` of deploy/stack.yml, as an operator does it on a manager. Does not wait for anything.
 * @param edit for services that are to be other than the project's
 */
export async function deployStack(
  lab: Lab,
  {
    stack = STACK,
    edit,
    env = {},
  }: { readonly stack?: string; readonly edit?: EditStack; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<void> {
  const manager = lab.hosts[0];
  if (manager === undefined) return;
  let file = join(ROOT, 'deploy/stack.yml');
  if (edit !== undefined) {
    const text = edit(readFileSync(file, 'utf8'));
    file = join(lab.dir, `${stack}.yml`);
    writeFileSync(file, text);
  }
  const socketGroup = (await manager.exec(['stat', '--format', '%g', '/var/run/docker.sock'])).stdout.trim();
  const settings = { NSATLAS_IMAGE, DOCKER_GID: socketGroup, NSATLAS_CERTS_DIR: certificates(lab.dir), ...env };
  // No registry can be asked about the image.
  const argv = ['docker', 'stack', 'deploy', '--resolve-image', 'never', '--compose-file', file, stack];
  await manager.exec(argv, { env: { ...CLEAN_ENV, ...settings } });
}

/** A container of a service on a host, as Docker tells it. */
export interface ServiceContainer {
  readonly id: string;
  /** As the host counts. */
  readonly pid: number;
}

/** The running containers of a service on a host. */
export async function serviceContainers(host: LabHost, service: string): Promise<ServiceContainer[]> {
  const ids = await host.docker('ps', '--quiet', '--no-trunc', '--filter', `label=com.docker.swarm.service.name=${service}`);
  if (ids === '') return [];
  const pids = await host.docker('inspect', '--format', '{{.Id}} {{.State.Pid}}', ...ids.split('\n'));
  return pids.split('\n').map((line) => {
    const [id = '', pid] = line.split(' ');
    return { id, pid: Number(pid) };
  });
}
