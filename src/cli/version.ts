import { readFileSync } from 'node:fs';

/** Version of this package, from its package.json, the only place where it is written. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
