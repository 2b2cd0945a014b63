import type { Network } from '../model/types.js';
import { asObject, child, isTrue, objectsOf, text, textEntries } from './json.js';
import { parseLabels } from './labels.js';

// Names of network options (libnetwork/netlabel/labels.go and drivers/bridge/labels.go in moby, v20.10).
const OVERLAY_VNIS = 'com.docker.network.driver.overlay.vxlanid_list';
const BRIDGE_NAME = 'com.docker.network.bridge.name';
const DEFAULT_BRIDGE = 'com.docker.network.bridge.default_bridge';

/** Characters of a network's id in the name of its bridge (br-…), libnetwork/drivers/bridge/bridge.go in moby. */
const BRIDGE_ID_LENGTH = 12;

/** VNIs are 24 bits wide (RFC 7348). */
const VNI_MAX = 0xffffff;

/**
 * A network of GET /networks or GET /networks/ID; undefined when it has neither id nor name and so is no network.
 * @param engine path of the engine's socket
 */
export function parseNetwork(value: unknown, engine: string): Network | undefined {
  const raw = asObject(value);
  const id = text(raw, 'Id');
  const name = text(raw, 'Name');
  if (id === undefined || name === undefined) return undefined;
  const driver = text(raw, 'Driver') ?? '';
  const options = new Map(textEntries(raw?.['Options']));
  const bridge = driver === 'bridge' ? bridgeName(id, name, options) : undefined;
  return {
    id,
    name,
    driver,
    scope: text(raw, 'Scope') ?? '',
    vnis: parseVnis(options.get(OVERLAY_VNIS)),
    subnets: objectsOf(child(raw, 'IPAM')?.['Config']).flatMap((config) => text(config, 'Subnet') ?? []),
    ...(bridge !== undefined && { bridge }),
    internal: isTrue(raw, 'Internal'),
    ingress: isTrue(raw, 'Ingress'),
    encrypted: isOn(options.get('encrypted')),
    labels: parseLabels(raw?.['Labels']).labels,
    engine,
  };
}

function bridgeName(id: string, name: string, options: ReadonlyMap<string, string>): string {
  const chosen = options.get(BRIDGE_NAME);
  if (chosen !== undefined && chosen !== '') return chosen;
  if (name === 'docker_gwbridge') return 'docker_gwbridge';
  // The default bridge is always called "bridge", and no other network may be (a reserved name).
  if (name === 'bridge' || options.get(DEFAULT_BRIDGE) === 'true') return 'docker0';
  return `br-${id.slice(0, BRIDGE_ID_LENGTH)}`;
}

/** "4098,4099": one for each subnet, in the order of IPAM.Config. Absent until the manager has given numbers. */
function parseVnis(list: string | undefined): number[] {
  return (list ?? '')
    .split(',')
    .filter((vni) => /^[0-9]{1,8}$/.test(vni.trim()))
    .map(Number)
    .filter((vni) => vni <= VNI_MAX);
}

/** `--opt encrypted` is printed as an empty value; engines take presence for yes. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== 'false' && value !== '0';
}
