import t from 'tap';
import { connectionProblem } from '../../../src/rpc/channel-problems.js';

const details = (cause: string): string => `No connection established. Last error: ${cause}. Resolution note: `;

t.test('a connection that failed is explained without what grpc-js puts around it', async (t) => {
  const busy = connectionProblem(details('Failed to connect (2026-11-29T14:58:31.823Z)'), 'server');
  t.strictSame(busy, {
    message: 'the server there does not speak gRPC, has just ended, or is too busy (Failed to connect)',
    listening: true,
  });
  const tls = connectionProblem(details('Error: the connection ended in the TLS handshake'), 'address');
  t.strictSame(tls, { message: 'the connection ended in the TLS handshake', listening: false });
  t.equal(connectionProblem('Connection dropped', 'address').message, 'Connection dropped', 'anything else is as it was');
});

t.test('an errno in it decides, where nothing took the connection', async (t) => {
  const refused = details('Error: connect ECONNREFUSED 127.0.0.1:1 (2026-11-29T14:58:31.823Z)');
  t.strictSame(connectionProblem(refused, 'address'), { message: 'connection refused', listening: false });
  t.equal(connectionProblem('', 'nothing').message, 'no such host name');
});
