import { readFileSync } from 'node:fs';

interface PackageJson {
  readonly version: string;
}

/** Version of this package, from its package.json, the only place where it is written. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as PackageJson
).version;
