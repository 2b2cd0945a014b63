import type { AgentSource } from './types.js';

/** An agent that was named once and for all. @param address as parseAddress() gives it */
export function staticSource(address: string): AgentSource {
  const name = '--agent';
  return {
    name,
    follow: (onTargets) => {
      onTargets([{ address, source: name }]);
      return { close: () => undefined };
    },
  };
}
