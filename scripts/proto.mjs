// npm run build calls this: what is generated from proto/. Says nothing when all is up to date.
import { report } from './lib/process.mjs';
import { generate } from './lib/proto.mjs';

try {
  const done = await generate();
  if (done) console.error('generated src/proto/gen and src/wire/gen from proto/');
} catch (error) {
  report(error);
}
