// deploy/ as an operator uses it: the image of deploy/Dockerfile, deploy/stack.yml on a Swarm of three hosts. One lab for all tests; each leaves
// it whole for the next.
import { after, before, describe } from 'node:test';
import { labObstacle } from '../lab/index.js';
import { capabilities } from './stack-capabilities.js';
import { scrapedStack } from './stack-metrics.js';
import { outages } from './stack-outages.js';
import { pinsNothing } from './stack-pins.js';
import { StackRig } from './stack-rig.js';
import { deployedStack } from './stack-service.js';

describe('the stack on a Swarm of three hosts', { skip: labObstacle() ?? false }, () => {
  let rig: StackRig | undefined;
  const rigOf = (): StackRig => {
    if (rig === undefined) throw new Error('the lab did not come up');
    return rig;
  };

  before(
    async (t) => {
      const say = 'diagnostic' in t ? (line: string): void => t.diagnostic(line) : (): void => undefined;
      rig = await StackRig.start(say);
    },
    { timeout: 600_000 },
  );

  after(() => rig?.lab.destroy(), { timeout: 60_000 });

  deployedStack(rigOf);
  scrapedStack(rigOf);
  capabilities(rigOf);
  pinsNothing(rigOf);
  outages(rigOf);
});
