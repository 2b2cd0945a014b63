import t from 'tap';
import { guessRole } from '../../../src/model/roles.js';

t.test('roles from names', async (t) => {
  const cases: readonly [paths: string[], isHost: boolean, role: string, prefix?: string][] = [
    [['/run/docker/netns/4d6dee9fdc0a'], false, 'CONTAINER'],
    [['/run/docker/netns/1-x8sn2ys3vd'], false, 'OVERLAY', 'x8sn2ys3vd'],
    [['/run/docker/netns/10-x8sn2ys3v'], false, 'OVERLAY', 'x8sn2ys3v'],
    [['/run/docker/netns/lb_x8sn2ys3v'], false, 'LOAD_BALANCER', 'x8sn2ys3v'],
    [['/run/docker/netns/ingress_sbox'], false, 'INGRESS'],
    [['/run/docker/netns/default'], false, 'HOST'],
    [['/srv/second/netns/default'], false, 'HOST'],
    [['/run/netns/default'], false, 'OTHER'],
    [['/var/run/netns/default'], false, 'OTHER'],
    [[], true, 'HOST'],
    [['/run/docker/netns/default'], true, 'HOST'],
    [['/run/netns/4d6dee9fdc0a'], true, 'HOST'],
    [[], false, 'OTHER'],
    [['/run/netns/blue'], false, 'OTHER'],
    [['/run/netns/qrouter-0f5a'], false, 'OTHER'],
    [['/run/docker/netns/4d6dee9fdc0g'], false, 'OTHER'],
    [['/run/netns/blue', '/run/docker/netns/1-x8sn2ys3vd'], false, 'OVERLAY', 'x8sn2ys3vd'],
  ];
  for (const [paths, isHost, role, prefix] of cases) {
    t.test(`${paths.join(' and ') || 'no name'}${isHost ? ', the host’s own' : ''}: ${role}`, async (t) => {
      t.strictSame(guessRole(paths, isHost), { role, ...(prefix !== undefined && { networkPrefix: prefix }) });
    });
  }
});
