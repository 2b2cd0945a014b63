import type { LiveHostOptions } from '../../src/live/options.js';

/** This machine without its engines; only these directories when there are any. What a test does not say is as the command line has it. */
export function liveOptions(...netnsDirs: string[]): LiveHostOptions {
  return {
    procRoot: '/proc',
    netnsDirs,
    dockerSockets: [],
    dockerSocketsGiven: false,
    timeLimitMs: 20_000,
    agentVersion: 'test',
    hostId: 'test',
  };
}
