// How this host's changes are received: through the kernel's events where that is possible.
import { createObserver, NativeError } from '../native/index.js';
import type { Observer } from '../native/types.js';
import { EVENT_RULES } from '../tables/index.js';
import { missingForEvents, readPrivileges } from './capabilities.js';
import type { ObserverPlace } from './nsids.js';
import type { LiveHostOptions } from './options.js';

/** What reports changes, and why it is not the kernel's events. */
export interface Observing {
  readonly observer: Observer;
  readonly reason: string | undefined;
}

/** Where there may be no events, the mounts are watched all the same. */
export function openObserver({ events = true, receiveBufferBytes }: LiveHostOptions, onEvents: () => void): Observing {
  const common = { onEvents, ...(receiveBufferBytes !== undefined && { receiveBufferBytes }) };
  if (!events) return { observer: createObserver(common), reason: 'events are off (--no-events)' };
  const missing = missingForEvents(readPrivileges());
  if (missing !== undefined) {
    const reason = `${missing}: polling instead of following the kernel's events; run as root or add the capability (docs/capabilities.md)`;
    return { observer: createObserver(common), reason };
  }
  try {
    return { observer: createObserver({ ...common, events: EVENT_RULES }), reason: undefined };
  } catch (cause) {
    if (!(cause instanceof NativeError)) throw cause;
    return { observer: createObserver(common), reason: cause.message };
  }
}

/** The observer namespace; undefined when there is none. */
export function placeOf(observer: Observer | undefined): ObserverPlace | undefined {
  const { path, identity } = observer ?? {};
  return path === undefined || identity === undefined ? undefined : { path, identity };
}
