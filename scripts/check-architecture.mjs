// npm run check calls this: import direction, cycles, purity and file sizes. Says nothing when all is well.
import { checkImports, checkSizes, isCode } from './lib/architecture.mjs';
import { readFiles } from './lib/files.mjs';
import { ROOT } from './lib/process.mjs';

const problems = [...(await checkImports(ROOT)).problems, ...checkSizes(readFiles(ROOT, isCode))];
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
