import type { Selector } from '../model/select.js';
import type { SelectorMessage } from './messages.js';

const NONE: SelectorMessage = {
  netns: [],
  roles: [],
  networks: [],
  containers: [],
  services: [],
  kinds: [],
  interfaces: [],
  vnis: [],
  macs: [],
  ips: [],
  hosts: [],
};

/** A selector as the message of a request. */
export function selectorMessage(selector: Selector): SelectorMessage {
  return { ...NONE, ...selector };
}
