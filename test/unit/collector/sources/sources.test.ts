import assert from 'node:assert/strict';
import t from 'tap';
import { agentSource, agentsFile, SourceError } from '../../../../src/collector/follow/sources/index.js';
import { follow } from './source-rig.js';

t.test('an agent is named by its address, in whatever spelling', async (t) => {
  for (const [text, address] of [
    ['10.0.0.1:7117', '10.0.0.1:7117'],
    ['Node-1.example:07117', 'node-1.example:7117'],
    ['[FD00:0:0::1]:7117', '[fd00::1]:7117'],
    ['unix:/run/nsatlas.sock', 'unix:/run/nsatlas.sock'],
    ['unix:///run/nsatlas.sock', 'unix:/run/nsatlas.sock'],
    ['dns:7117', 'dns:7117'],
  ] as const) {
    const followed = follow(t, agentSource(text));
    t.strictSame(followed.targets, [{ address, source: '--agent' }], text);
  }
});

t.test('sources are named as they are written', async (t) => {
  t.equal(agentSource('dns:tasks.nsatlas_agent:7117').name, 'dns:tasks.nsatlas_agent:7117');
  t.equal(agentSource('swarm:/var/run/docker.sock:7117').name, 'swarm:/var/run/docker.sock:7117');
  t.equal(agentSource('swarm:unix:///var/run/docker.sock:7117').name, 'swarm:/var/run/docker.sock:7117');
  t.equal(agentsFile('/etc/agents.yml').name, 'file /etc/agents.yml');
});

t.test('what names no agent is refused, and what to give is said', async () => {
  for (const [text, advice] of [
    ['10.0.0.1', /is neither HOST:PORT nor unix:PATH, dns:NAME:PORT or swarm:SOCKET:PORT/],
    ['10.0.0.1:0', /is neither/],
    ['10.0.0.1:70000', /is neither/],
    ['', /is neither/],
    ['unix:run/x', /is neither/],
    ['ipv4:10.0.0.1:7117', /is neither/],
    ['xds:///a:7117', /is neither/],
    ['a b:7117', /is neither/],
    ['dns:a b:7117', /is not dns:NAME:PORT; try/],
    ['dns::7117', /is not dns:NAME:PORT; try/],
    ['dns:a:0', /is not dns:NAME:PORT; try/],
    ['swarm:docker.sock:7117', /is not swarm:SOCKET:PORT; try/],
    ['swarm:/run/docker.sock', /is not swarm:SOCKET:PORT; try/],
    ['swarm:/run/docker.sock:0', /is not swarm:SOCKET:PORT; try/],
  ] as const) {
    assert.throws(
      () => agentSource(text),
      (cause) => cause instanceof SourceError && cause.code === 'ERR_NSATLAS_SOURCE' && advice.test(cause.message),
      text,
    );
  }
});
