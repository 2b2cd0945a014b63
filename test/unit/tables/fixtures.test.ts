import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decodeScenario, FIXTURES, SCENARIOS } from '../../support/fixture.js';

describe('what a kernel answered', () => {
  for (const scenario of SCENARIOS) {
    it(`about ${scenario} decodes as it was committed (node dist/test/support/capture.js --update ${scenario})`, () => {
      const golden: unknown = JSON.parse(readFileSync(join(FIXTURES, scenario, 'decoded.json'), 'utf8'));
      assert.deepEqual(decodeScenario(scenario), golden);
    });

    it(`about ${scenario} says which kernel that was`, () => {
      assert.match(
        readFileSync(join(FIXTURES, scenario, 'META'), 'utf8'),
        /^captured \d{4}-\d\d-\d\d .*\nkernel \d+\..*\nip utility, /,
      );
    });
  }
});
