// Each method of a reader in each state it can be in.
import type { NetnsReader, ReadJob } from '../../src/native/types.js';
import { testReader } from './native-addon.js';
import { dump, RTM_GETLINK } from './native-requests.js';

async function outcome(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return 'done';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function methods(reader: NetnsReader, job: ReadJob, path: string): Record<string, () => Promise<unknown>> {
  return {
    read: () => reader.read(job, {}),
    identify: () => reader.identify([path]),
    stop: async () => reader.stop(),
    forget: async () => reader.forget(1),
    close: async () => reader.close(),
  };
}

/** "state method" → "done" or a code. A busy reader's own job is "busy job while METHOD". */
export async function stateMatrix(path: string): Promise<Record<string, string>> {
  const job: ReadJob = { requests: [dump(RTM_GETLINK)], targets: Array.from({ length: 50 }, () => ({ path, requests: [0] })) };
  const results: Record<string, string> = {};
  for (const method of ['read', 'identify', 'stop', 'forget', 'close']) {
    const open = testReader();
    results[`open ${method}`] = await outcome(async () => methods(open, job, path)[method]?.());
    open.close();

    const busy = testReader();
    const running = outcome(() => busy.read(job, {}));
    results[`busy ${method}`] = await outcome(async () => methods(busy, job, path)[method]?.());
    results[`busy job while ${method}`] = await running;
    busy.close();

    const closed = testReader();
    closed.close();
    results[`closed ${method}`] = await outcome(async () => methods(closed, job, path)[method]?.());
  }
  return results;
}
