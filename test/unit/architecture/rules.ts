import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../support/root.js';

/** scripts/lib/architecture.mjs, which `npm run check` uses as well. */
export interface ArchitectureRules {
  readonly ROOMS: readonly string[];
  readonly MAX_LINES: number;
  readonly PURE_ROOMS: ReadonlySet<string>;
  readonly isSource: (path: string) => boolean;
  readonly isCode: (path: string) => boolean;
  readonly checkImports: (root: string) => Promise<{ readonly modules: number; readonly problems: string[] }>;
  readonly checkSizes: (files: ReadonlyMap<string, string>) => string[];
}

/** scripts/lib/files.mjs */
interface Files {
  readonly readFiles: (root: string, wanted: (path: string) => boolean) => Map<string, string>;
}

async function load<Module>(script: string): Promise<Module> {
  return (await import(pathToFileURL(join(ROOT, script)).href)) as Module;
}

/** The rules, loaded from the script: they have to run without a build, too. */
export const RULES = await load<ArchitectureRules>('scripts/lib/architecture.mjs');

/** Files of the project, by path relative to its root. */
export async function projectFiles(wanted: (path: string) => boolean): Promise<Map<string, string>> {
  return (await load<Files>('scripts/lib/files.mjs')).readFiles(ROOT, wanted);
}
