import type { HostEntry } from '../model/types.js';
import { silence } from './host-columns.js';
import { printable } from '../text/printable.js';

/**
 * A change of a host, as a line for people like watchLines(): "+ host node-2 LIVE agent …" added, "- " forgotten, "~ " changed its
 * state. undefined for changes that are of no interest. Safe to write to a terminal.
 */
export function hostLine(old: HostEntry | undefined, now: HostEntry | undefined, reason?: string): string | undefined {
  if (now === undefined) {
    if (old === undefined) return undefined;
    return printable(`- host ${nameOf(old)}${reason === undefined ? '' : ` ${reason}`}`);
  }
  if (old === undefined) return printable(`+ host ${nameOf(now)} ${stateOf(now)} agent ${now.agent}${problemOf(now)}`);
  if (old.state !== now.state) return printable(`~ host ${nameOf(now)} ${old.state} → ${stateOf(now)}${problemOf(now)}`);
  if (old.agent !== now.agent) return printable(`~ host ${nameOf(now)} agent ${old.agent} → ${now.agent}`);
  return undefined;
}

/** Display name of a host; the address of an agent that was never reached. */
export function nameOf({ hostName, host, agent }: HostEntry): string {
  return hostName ?? host ?? agent;
}

function stateOf(entry: HostEntry): string {
  return silence(entry) ?? entry.state;
}

function problemOf({ problem }: HostEntry): string {
  return problem === undefined ? '' : `: ${problem}`;
}
