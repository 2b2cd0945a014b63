import { fileURLToPath } from 'node:url';

/** The project's top folder, from the compiled test (dist/test/support/root.js). */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));
