import { Resolver } from 'node:dns/promises';
import { between } from '../../../text/backoff.js';
import { type Clock, SYSTEM_CLOCK } from '../clock.js';
import { addressOf } from './address.js';
import { askAgain, reasonOf } from './asking.js';
import type { AgentSource, Target } from './types.js';

interface DnsOptions {
  readonly clock?: Clock;
  /** From 0 to 1; Math.random. */
  readonly random?: () => number;
  /** Servers to ask, as dns.Resolver.setServers() takes them; by default those of resolv.conf. */
  readonly servers?: readonly string[];
  /** Patience with one server, in milliseconds; 2000. It is asked twice. */
  readonly timeoutMs?: number;
}

/** Between two rounds of questions, in milliseconds. Docker says that an answer is good for 600 s, and changes it within one. */
const PAUSE = { least: 5000, most: 15_000 } as const;

/** How long a name may say that it has no addresses, before that is believed, in milliseconds: a service that is updated has none for a while. */
const DOUBT_MS = 120_000;

/** There is no such name, or it has no addresses of that family. Anything else says nothing about the addresses. */
const NONE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

/** What one family's question brought: addresses; 'none'; or why nothing is known. */
type Answer = readonly string[] | 'none' | { readonly problem: string };

/**
 * Agents at all addresses, IPv4 and IPv6, of a name; the DNS servers are asked for the name as it is given (no search list, no hosts file).
 * Made for `tasks.SERVICE` of a Swarm. While the servers do not answer, the last known addresses are kept.
 */
export function dnsSource(host: string, port: number, options: DnsOptions = {}): AgentSource {
  const { clock = SYSTEM_CLOCK, random = Math.random } = options;
  const name = `dns:${host}:${port}`;
  return {
    name,
    follow: (onTargets, onProblem) => {
      const families = [new Family('A', clock), new Family('AAAA', clock)];
      const round = async (signal: AbortSignal): Promise<void> => {
        // A new one each time: it reads resolv.conf.
        const resolver = new Resolver({ timeout: options.timeoutMs ?? 2000, tries: 2 });
        if (options.servers !== undefined) resolver.setServers(options.servers);
        const [four, six] = await Promise.all([answer(resolver.resolve4(host)), answer(resolver.resolve6(host))]);
        if (signal.aborted) return;
        const missing = four === 'none' && six === 'none';
        families[0]?.take(four, missing);
        families[1]?.take(six, missing);
        const targets = families
          .flatMap(({ addresses }) => addresses)
          .map((address): Target => ({ address: addressOf(address, port), source: name }));
        // Before anything is known there is nothing to say.
        if (targets.length > 0 || families.some(({ isKnown }) => isKnown)) onTargets(targets);
        onProblem(
          missing ? nothing(host, targets.length) : families.map(({ problem }) => problem).find((text) => text !== undefined),
        );
      };
      return askAgain(round, () => between(PAUSE.least, PAUSE.most, random()), clock);
    },
  };
}

/** The addresses of one family, as long as they are believed. */
class Family {
  addresses: readonly string[] = [];
  problem: string | undefined;
  isKnown = false;
  readonly #type: string;
  readonly #clock: Clock;
  #noneSince: number | undefined;

  constructor(type: string, clock: Clock) {
    this.#type = type;
    this.#clock = clock;
  }

  /** @param missing whether the other family has none either: then it may be for a moment only */
  take(found: Answer, missing: boolean): void {
    this.problem = undefined;
    if (found === 'none') this.#none(missing);
    else if ('problem' in found) this.problem = `${found.problem} (${this.#type}); keeping its last known addresses`;
    else {
      this.#noneSince = undefined;
      this.isKnown = true;
      this.addresses = [...found].sort();
    }
  }

  #none(missing: boolean): void {
    this.isKnown = true;
    const now = this.#clock.now();
    this.#noneSince ??= now;
    if (!missing || now - this.#noneSince >= DOUBT_MS) this.addresses = [];
  }
}

async function answer(question: Promise<string[]>): Promise<Answer> {
  try {
    return await question;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    return NONE.has(code) ? 'none' : { problem: PROBLEMS[code] ?? `querying the DNS servers failed: ${reasonOf(cause)}` };
  }
}

/** By code of node:dns. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no DNS server answers (ETIMEOUT)',
  ECONNREFUSED: 'no DNS server listens (ECONNREFUSED); look at /etc/resolv.conf',
  ESERVFAIL: 'the DNS server failed to answer (ESERVFAIL)',
  EREFUSED: 'the DNS server failed to answer (EREFUSED)',
};

function nothing(host: string, kept: number): string {
  const advice = `the name has no addresses; give the full name, as the DNS server knows it (for a Swarm service: tasks.SERVICE)`;
  return kept === 0 ? advice : `the name ${host} no longer has addresses; its last ${kept} are kept for a while`;
}
