import { selectsIp, selectsMac } from '../tables/contract.js';
import {
  isEmptySelector,
  selectsHost,
  selectsLink,
  selectsNetns,
  selectsNetwork,
  selectsVni,
  type Selector,
} from '../model/select.js';
import type { FabricEndpoint, FabricMember, FabricOverlay } from './overlay.js';
import { BREATH, Steps, type Work } from './steps.js';

/** A selector as overlays and their endpoints are narrowed by it. */
export class FabricSelector {
  readonly #selector: Selector;
  readonly #netns: Selector;
  readonly #whose: Selector;
  readonly #links: Selector;
  /** Whether it asks for more than networks and VNIs. */
  readonly #isDetailed: boolean;

  constructor(selector: Selector) {
    const { networks: _networks, vnis: _vnis, ...details } = selector;
    this.#selector = selector;
    this.#netns = only(selector, ['netns']);
    this.#whose = only(selector, ['roles', 'containers', 'services']);
    this.#links = only(selector, ['kinds', 'interfaces']);
    this.#isDetailed = !isEmptySelector(details);
  }

  /**
   * Whether an overlay fits: by network and VNI, and in everything else one of its endpoints or one of its members does. A member is
   * its VXLAN, in the namespace and on the host where that is; its addresses are its VTEP and those of its bridge.
   */
  *selectsOverlay(overlay: FabricOverlay): Work<boolean> {
    if (!this.selectsNetwork(overlay)) return false;
    if (!this.#isDetailed) return true;
    const steps = new Steps();
    for (const member of overlay.members) {
      if (!this.selectsHost(member)) continue;
      if (this.#selectsMember(member)) return true;
      for (const endpoint of member.endpoints) {
        if (this.selectsEndpoint(endpoint)) return true;
        if (steps.spent()) yield BREATH;
      }
    }
    return false;
  }

  /** Whether an overlay fits by network and VNI. */
  selectsNetwork({ facts }: FabricOverlay): boolean {
    return selectsNetwork(facts, this.#selector) && selectsVni(facts.vni, this.#selector);
  }

  /** Whether the host of a member fits. */
  selectsHost({ host }: FabricMember): boolean {
    return selectsHost(host, this.#selector);
  }

  /**
   * Whether an endpoint fits, but for network, VNI and host. `netns` may name its namespace or that of the overlay, `kinds` and
   * `interfaces` its interface or the port.
   */
  selectsEndpoint({ member, port, netns, end }: FabricEndpoint): boolean {
    const isThere = netns !== undefined && selectsNetns(netns.head, this.#netns);
    const isWhose = netns === undefined ? isEmptySelector(this.#whose) : selectsNetns(netns.head, this.#whose);
    return (
      (isThere || selectsNetns(member.netns.head, this.#netns)) &&
      isWhose &&
      (selectsLink({ ...port, name: port.ref.name }, this.#links) || (end !== undefined && selectsLink(end, this.#links))) &&
      selectsMac(end?.mac, this.#selector) &&
      selectsIp(end?.ips ?? [], this.#selector)
    );
  }

  #selectsMember({ netns: { head }, vxlan, vtep }: FabricMember): boolean {
    return (
      selectsNetns(head, this.#netns) &&
      selectsNetns(head, this.#whose) &&
      (vxlan === undefined
        ? isEmptySelector(this.#links)
        : selectsLink({ ...vxlan, kind: 'vxlan', vxlan: undefined }, this.#links)) &&
      selectsMac(vxlan?.mac, this.#selector) &&
      selectsIp([vtep?.address, ...(vxlan?.subnets ?? [])], this.#selector)
    );
  }
}

function only(selector: Selector, fields: readonly (keyof Selector)[]): Selector {
  return Object.fromEntries(Object.entries(selector).filter(([field]) => fields.some((wanted) => wanted === field)));
}
