import { DumpDecoder } from '../tables/shared/dump.js';
import { errnoName } from '../netlink/errno.js';
import { getNsidByFd } from '../netlink/requests.js';
import type { NsidResolver } from '../model/references.js';
import type { NetlinkRequest, NetnsReader, ReadTarget } from '../native/types.js';
import type { NamespaceResult } from './namespace-pass.js';

/** How the questions of one namespace went: the errno of the first that failed, and how many were answered. */
export interface NsidOutcome {
  answered: number;
  errno: string | undefined;
}

/** A namespace that can be asked, and asked about, when a path to it is known. */
export type Askable = Pick<NamespaceResult, 'found' | 'openPath'>;

/** Asks the kernel until the resolver has no more questions. */
export async function resolveNsids(
  reader: NetnsReader,
  results: readonly Askable[],
  resolver: NsidResolver,
  timeLimitMs: number,
): Promise<Map<number, NsidOutcome>> {
  const outcomes = new Map<number, NsidOutcome>();
  for (let questions = resolver.questions(); questions.length > 0; questions = resolver.questions()) {
    const requests: NetlinkRequest[] = [];
    const candidates: number[] = [];
    const targets: ReadTarget[] = [];
    const askers: number[] = [];
    for (const question of questions) {
      const asker = results[question.asker];
      if (asker?.openPath === undefined) continue;
      const own: number[] = [];
      for (const candidate of question.candidates) {
        const request = requestAbout(results[candidate]);
        if (request === undefined) continue;
        own.push(requests.push(request) - 1);
        candidates.push(candidate);
      }
      askers.push(question.asker);
      targets.push({ path: asker.openPath, expect: identityOf(asker), requests: own });
    }
    for (const question of questions)
      for (const candidate of question.candidates) resolver.answer(question.asker, candidate, undefined);
    await reader.read(
      { requests, targets, timeLimitMs },
      {
        datagram: (at, request, view, start, end) => {
          const decoder = new DumpDecoder('RTM_GETNSID');
          decoder.datagram(view, start, end);
          const asker = askers[at];
          const candidate = candidates[request];
          if (asker === undefined || candidate === undefined) return;
          for (const { nsid } of decoder.nsids) resolver.answer(asker, candidate, nsid);
        },
        requestEnd: (at, _request, errno, operation) => {
          const asker = askers[at];
          if (asker === undefined) return;
          // The candidate is gone: there is nothing to pair with any more.
          if (operation === 'netns-fd') return;
          const outcome = outcomes.get(asker) ?? { answered: 0, errno: undefined };
          if (errno === 0) outcome.answered++;
          else outcome.errno ??= errnoName(errno);
          outcomes.set(asker, outcome);
        },
      },
    );
  }
  return outcomes;
}

function requestAbout(candidate: Askable | undefined): NetlinkRequest | undefined {
  if (candidate?.openPath === undefined) return undefined;
  const { bytes, fdOffset } = getNsidByFd();
  return { bytes, netnsFd: { offset: fdOffset, path: candidate.openPath, expect: identityOf(candidate) } };
}

function identityOf({ found }: Askable): { dev: number; ino: number } {
  return { dev: found.dev, ino: found.ino };
}
