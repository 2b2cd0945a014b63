import type { HostEntry } from '../model/types.js';
import { silence } from './host-columns.js';
import { printable } from '../text/printable.js';

/**
 * What became of a host, as a line for people like watchLines(): "+ host node-2 LIVE agent …" new, "- " forgotten, "~ " heard or not heard
 * any more. undefined for what is of no interest. Safe to write to a terminal.
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

/** What people call a host; an agent that was never reached by its address. */
export function nameOf({ hostName, host, agent }: HostEntry): string {
  return hostName ?? host ?? agent;
}

function stateOf(entry: HostEntry): string {
  return silence(entry) ?? entry.state;
}

function problemOf({ problem }: HostEntry): string {
  return problem === undefined ? '' : `: ${problem}`;
}
