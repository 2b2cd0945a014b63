// A visitor that writes everything down.
import type { NetnsIdentity, NetnsReadProblem, NetnsReader, ReadJob, ReadVisitor } from '../../src/native/types.js';

/** What was told of one target. */
export interface TargetRecord {
  identity?: NetnsIdentity;
  cookie?: bigint | undefined;
  readonly datagrams: { readonly request: number; readonly bytes: Uint8Array }[];
  readonly ends: { readonly request: number; readonly errno: number; readonly operation: string }[];
  /** Calls of targetEnd: exactly one in a job that was carried out. */
  readonly problems: (NetnsReadProblem | undefined)[];
}

/** The visitor, and what it heard, by target. */
export function recorder(targets: number): { readonly visitor: ReadVisitor; readonly records: TargetRecord[] } {
  const records = Array.from({ length: targets }, (): TargetRecord => ({ datagrams: [], ends: [], problems: [] }));
  const of = (target: number): TargetRecord => {
    const record = records[target];
    if (record === undefined) throw new Error(`told of target ${target}, which is not there`);
    return record;
  };
  const visitor: ReadVisitor = {
    target: (target, identity, cookie) => Object.assign(of(target), { identity, cookie }),
    datagram: (target, request, view, start, end) => {
      of(target).datagrams.push({
        request,
        bytes: new Uint8Array(view.buffer.slice(view.byteOffset + start, view.byteOffset + end)),
      });
    },
    requestEnd: (target, request, errno, operation) => of(target).ends.push({ request, errno, operation }),
    targetEnd: (target, problem) => of(target).problems.push(problem),
  };
  return { visitor, records };
}

/** Carries a job out and returns what was told. */
export async function readAll(reader: NetnsReader, job: ReadJob): Promise<TargetRecord[]> {
  const { visitor, records } = recorder(job.targets.length);
  await reader.read(job, visitor);
  return records;
}
