import type { Log } from './types.js';

/** Logs a warning of a kind. The kinds are few and the caller's own: each costs memory. */
export type Notice = (kind: string, fields: object, message: string) => void;

const WINDOW_MS = 60_000;

/**
 * A log that clients cannot flood: a limited number of lines a minute for each kind. The first line after a minute in which some were
 * left out says how many (`leftOut`).
 * @param options.now milliseconds on a clock that never goes back
 */
export function createNotices(log: Log, { perMinute = 10, now }: { perMinute?: number; now: () => number }): Notice {
  const windows = new Map<string, { begin: number; lines: number; leftOut: number }>();
  return (kind, fields, message) => {
    const at = now();
    let window = windows.get(kind);
    if (window === undefined || at - window.begin >= WINDOW_MS) {
      const leftOut = window?.leftOut ?? 0;
      windows.set(kind, (window = { begin: at, lines: 0, leftOut: 0 }));
      if (leftOut > 0) fields = { ...fields, leftOut };
    }
    window.lines += 1;
    if (window.lines <= perMinute) log.warn(fields, message);
    else window.leftOut += 1;
  };
}
