import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { decodeScenario, FIXTURES, SCENARIOS } from '../../support/fixture.js';

t.test('what a kernel answered', async (t) => {
  for (const scenario of SCENARIOS) {
    t.test(
      `about ${scenario} decodes as it was committed (node dist/test/support/capture.js --update ${scenario})`,
      async (t) => {
        const golden: unknown = JSON.parse(readFileSync(join(FIXTURES, scenario, 'decoded.json'), 'utf8'));
        t.strictSame(decodeScenario(scenario), golden);
      },
    );

    t.test(`about ${scenario} says which kernel that was`, async (t) => {
      t.match(
        readFileSync(join(FIXTURES, scenario, 'META'), 'utf8'),
        /^captured \d{4}-\d\d-\d\d .*\nkernel \d+\..*\nip utility, /,
      );
    });
  }
});
