import type { Addon, Handle } from './binding.js';
import { NativeError, type NativeErrorCode } from './errors.js';
import { parseFrames } from './frames.js';
import { checkedKey, encodeJob, type JobPlan } from './job.js';
import type { IdentifyResult, NetnsReader, NetnsReadProblem, ReadJob, ReadVisitor } from './types.js';

const DEFAULT_TIME_LIMIT_MS = 2000;
const DEFAULT_BATCH_BYTES = 131072;

/** One job under way. */
interface Run {
  readonly visitor: ReadVisitor;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Whose rows are forgotten when it does not resolve. */
  readonly keys: readonly number[];
  /** Set when the visitor threw: the rest of the job is drained unseen, then the job rejects with `reason`. */
  thrown?: { readonly reason: unknown };
}

/** The NetnsReader over an addon. */
export class AddonReader implements NetnsReader {
  readonly #addon: Addon;
  readonly #handle: Handle;
  readonly #timeLimitMs: number;
  #run: Run | undefined;
  #closed = false;
  #buffer = new DataView(new ArrayBuffer(0));

  constructor(addon: Addon, rowFormats: Uint8Array, timeLimitMs: number = DEFAULT_TIME_LIMIT_MS) {
    this.#addon = addon;
    this.#timeLimitMs = timeLimitMs;
    this.#handle = addon.open(rowFormats);
  }

  async read(job: ReadJob, visitor: ReadVisitor): Promise<void> {
    const { requests, targets, timeLimitMs = this.#timeLimitMs, batchBytes = DEFAULT_BATCH_BYTES, observer } = job;
    await this.#start({ enter: true, requests, targets, timeLimitMs, batchBytes, observer }, visitor);
  }

  async identify(paths: readonly string[], timeLimitMs: number = this.#timeLimitMs): Promise<IdentifyResult[]> {
    const results: (IdentifyResult | undefined)[] = paths.map(() => undefined);
    const targets = paths.map((path) => ({ path, requests: [] }));
    await this.#start(
      { enter: false, requests: [], targets, timeLimitMs, batchBytes: DEFAULT_BATCH_BYTES },
      {
        target: (target, identity) => {
          results[target] = { identity };
        },
        targetEnd: (target, problem) => {
          if (problem !== undefined) results[target] = { problem };
        },
      },
    );
    return results.map((result, index) => {
      if (result === undefined) throw new NativeError('ERR_NSATLAS_FRAME', `the addon reported nothing of ${paths[index]}`);
      return result;
    });
  }

  stop(): void {
    this.#addon.stop(this.#handle);
  }

  forget(key: number): void {
    this.#addon.forget(this.#handle, checkedKey(key));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#addon.close(this.#handle);
    const run = this.#run;
    this.#run = undefined;
    run?.reject(closedError());
  }

  #start(plan: JobPlan, visitor: ReadVisitor): Promise<void> {
    if (this.#closed) throw closedError();
    if (this.#run !== undefined) throw new NativeError('ERR_NSATLAS_BUSY', 'the reader is busy with another job');
    const image = encodeJob(plan);
    if (this.#buffer.byteLength < plan.batchBytes) this.#buffer = new DataView(new ArrayBuffer(plan.batchBytes));
    return new Promise((resolve, reject) => {
      this.#addon.start(this.#handle, image, this.#pump);
      const keys = plan.targets.flatMap(({ key }) => (key === undefined ? [] : [key]));
      this.#run = { visitor, resolve, reject, keys };
    });
  }

  /** Takes one batch at a time and lets the event loop turn in between. */
  readonly #pump = (): void => {
    const run = this.#run;
    if (run === undefined) return; // closed since the call was made
    const length = this.#take();
    if (length === 0) return; // the addon calls again
    const end = this.#visit(run, length);
    if (this.#run !== run) return; // closed by its visitor
    if (end === undefined) {
      setImmediate(this.#pump);
      return;
    }
    this.#run = undefined;
    if (run.thrown !== undefined) this.#reject(run, run.thrown.reason);
    else if (end.failure !== undefined) this.#reject(run, jobError(end.failure));
    else run.resolve();
  };

  /** What is remembered may never have been reported, or was reported to a visitor that could not take it. */
  #reject(run: Run, reason: unknown): void {
    for (const key of run.keys) this.#addon.forget(this.#handle, key);
    run.reject(reason);
  }

  #take(): number {
    const length = this.#addon.take(this.#handle, this.#buffer.buffer);
    if (length >= 0) return length;
    this.#buffer = new DataView(new ArrayBuffer(-length));
    return this.#addon.take(this.#handle, this.#buffer.buffer);
  }

  #visit(run: Run, length: number): ReturnType<typeof parseFrames> {
    const batch = { view: this.#buffer, length, names: this.#addon, isOver: (): boolean => this.#run !== run };
    if (run.thrown === undefined) {
      try {
        return parseFrames({ ...batch, visitor: run.visitor });
      } catch (reason) {
        run.thrown = { reason };
        this.#addon.cancel(this.#handle);
      }
    }
    return parseFrames({ ...batch, visitor: {} });
  }
}

function closedError(): NativeError {
  return new NativeError('ERR_NSATLAS_CLOSED', 'the reader is closed');
}

function jobError(failure: NetnsReadProblem): NativeError {
  const code: NativeErrorCode = failure.operation === 'home' ? 'ERR_NSATLAS_HOME' : 'ERR_NSATLAS_THREAD';
  const what = failure.operation === 'home' ? "the reader's own network namespace cannot be opened" : 'no thread to read with';
  return new NativeError(code, `${what}: ${failure.detail}`, failure.errno === 0 ? {} : { errno: failure.errno });
}
