// npm run build: the registry of kinds, the protobuf code, the TypeScript and the native addon. Quick when nothing changed.
import { build } from './lib/build.mjs';
import { handOver } from './lib/ownership.mjs';
import { report, seconds } from './lib/process.mjs';

const started = performance.now();
try {
  await build((line) => console.error(line));
  handOver();
  console.error(`built in ${seconds(performance.now() - started)}`);
} catch (error) {
  report(error);
}
