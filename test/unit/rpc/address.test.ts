import assert from 'node:assert/strict';
import t from 'tap';
import { formatHostPort, parseHostPort, parseListen } from '../../../src/rpc/address.js';
import { ListenError } from '../../../src/rpc/error.js';

t.test('loopback addresses and unix sockets are served', async (t) => {
  const tcp = (host: string, port = 7117): object => ({ kind: 'tcp', host, port });
  t.strictSame(parseListen('127.0.0.1:7117'), tcp('127.0.0.1'));
  t.strictSame(parseListen('127.1.2.3:0'), tcp('127.1.2.3', 0));
  t.strictSame(parseListen('localhost:7117'), tcp('127.0.0.1'));
  t.strictSame(parseListen('[::1]:7117'), tcp('::1'));
  t.strictSame(parseListen('[0:0:0:0:0:0:0:1]:7117'), tcp('0:0:0:0:0:0:0:1'));
  t.strictSame(parseListen('unix:/run/nsatlas.sock'), { kind: 'unix', path: '/run/nsatlas.sock' });
  t.strictSame(parseListen('unix:///run/nsatlas.sock'), { kind: 'unix', path: '/run/nsatlas.sock' });
});

for (const address of [
  '0.0.0.0:7117',
  '192.0.2.1:7117',
  '[::]:7117',
  '[::ffff:127.0.0.1]:7117',
  '[fe80::1]:7117',
  'example.com:7117',
  '1270.0.0.1:7117',
  '127.evil.example:7117',
]) {
  t.test(`${address} is refused, with what to do`, async () => {
    assert.throws(
      () => parseListen(address),
      (cause) =>
        cause instanceof ListenError &&
        cause.address === address &&
        /other machines can reach it; give certificates \(--tls-cert.*or --insecure .*127\.0\.0\.1:PORT/.test(cause.message),
    );
  });
}

t.test('with TLS, or in the open, any address of this machine is served, but no name is looked up', async (t) => {
  for (const [text, host] of [
    ['0.0.0.0:7117', '0.0.0.0'],
    ['[::]:7117', '::'],
    ['192.0.2.1:7117', '192.0.2.1'],
    ['localhost:7117', '127.0.0.1'],
  ] as const)
    t.strictSame(parseListen(text, 'any'), { kind: 'tcp', host, port: 7117 });
  t.throws(() => parseListen('example.com:7117', 'any'), /a name where an IP address is wanted/);
});

for (const address of [
  '7117',
  ':7117',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:x',
  '127.0.0.1:65536',
  '::1:7117',
  '[::1]',
  '[]:1',
  '[x]:1',
  'http://127.0.0.1:7117',
  '',
]) {
  t.test(`${JSON.stringify(address)} is no address`, async (t) => {
    t.equal(parseHostPort(address), undefined);
    t.throws(() => parseListen(address), /neither HOST:PORT nor unix:PATH; try 127\.0\.0\.1:7117/);
  });
}

t.test('a unix socket needs an absolute path that is short enough', async (t) => {
  for (const path of ['', 'run/x', 'relative', '/run/', '/run/\0x'])
    t.throws(() => parseListen(`unix:${path}`), /has to be absolute and name a file/);
  t.throws(() => parseListen(`unix:/${'x'.repeat(107)}`), /too long for a unix socket/);
  t.throws(() => parseListen(`unix:/${'x'.repeat(95)}/s`), /too long for a unix socket/);
  t.equal(parseListen(`unix:/${'x'.repeat(87)}/s`).kind, 'unix');
});

t.test('addresses are written as they are read', async (t) => {
  for (const text of ['127.0.0.1:7117', '[::1]:80']) t.equal(formatHostPort(parseHostPort(text) ?? { host: '', port: 0 }), text);
});
