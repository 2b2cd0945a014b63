// deploy/ as an operator uses it: the image of deploy/Dockerfile, deploy/stack.yml on a Swarm of three hosts. One lab for all tests; each leaves
// it whole for the next.
import t from 'tap';
import { labObstacle } from '../lab/index.js';
import { capabilities } from './stack-capabilities.js';
import { scrapedStack } from './stack-metrics.js';
import { outages } from './stack-outages.js';
import { pinsNothing } from './stack-pins.js';
import { StackRig } from './stack-rig.js';
import { deployedStack } from './stack-service.js';

t.setTimeout(0);

t.test('the stack on a Swarm of three hosts', { skip: labObstacle() ?? false }, async (t) => {
  let rig: StackRig | undefined;
  const rigOf = (): StackRig => {
    if (rig === undefined) throw new Error('the lab did not come up');
    return rig;
  };

  t.before(async () => {
    rig = await StackRig.start((line) => t.comment(line));
  });

  t.after(() => rig?.lab.destroy());

  deployedStack(t, rigOf);
  scrapedStack(t, rigOf);
  capabilities(t, rigOf);
  pinsNothing(t, rigOf);
  outages(t, rigOf);
});
