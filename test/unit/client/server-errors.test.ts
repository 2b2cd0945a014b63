// What clients make of servers that fail: ours, those of a release without codes, proxies, and those that mean harm.
import assert from 'node:assert/strict';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { type handleServerStreamingCall, type handleUnaryCall, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { createAgentClient } from '../../../src/client/agent.js';
import { AgentError } from '../../../src/client/error.js';
import { CODE_KEY, readTrailer, trailerOf } from '../../../src/rpc/trailer.js';
import { encode } from '../../../src/wire/codec.js';
import { CODES, type CallCode, isTransient } from '../../../src/text/error.js';

type Outcome = { code: status; details: string; metadata?: Metadata };

const METHODS = {
  GetStatus: { path: '/nsatlas.v1.Agent/GetStatus', responseStream: false },
  Watch: { path: '/nsatlas.v1.Agent/Watch', responseStream: true },
};
const EVENT = Buffer.from(encode('nsatlas.v1.WatchResponse', { cursor: { epoch: 'e', revision: 1n } }));
const bytes = (value: Buffer): Buffer => value;

/** Serves GetStatus and Watch, both of which fail as given; Watch after a first message when `late`. */
async function failing(t: Test, outcome: Outcome, late = false): Promise<string> {
  const server = new Server();
  const definition = Object.fromEntries(
    Object.entries(METHODS).map(([name, method]) => [
      name,
      {
        ...method,
        requestStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    ]),
  );
  const unary: handleUnaryCall<Buffer, Buffer> = (_call, callback) => callback({ ...outcome });
  const stream: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    if (late) call.write(EVENT);
    setTimeout(() => call.emit('error', outcome), late ? 50 : 0);
  };
  server.addService(definition, { GetStatus: unary, Watch: stream });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (problem, bound) =>
      problem === null ? resolve(bound) : reject(problem),
    ),
  );
  t.after(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

async function errorOf(t: Test, address: string, watch = false): Promise<AgentError> {
  const client = createAgentClient(address, { timeoutMs: 5000 });
  t.after(() => client.close());
  const call = watch
    ? client.watch({ selector: {}, tables: [] }, () => undefined, new AbortController().signal)
    : client.status();
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof AgentError);
  return error;
}

const withCode = (...codes: string[]): Metadata => {
  const metadata = new Metadata();
  for (const code of codes) metadata.add(CODE_KEY, code);
  return metadata;
};

t.test('every code that a server sends arrives as it is, and is believed with its own status only', async (t) => {
  for (const [code, facts] of Object.entries(CODES)) {
    if (!('status' in facts)) continue;
    const metadata = trailerOf(code as CallCode);
    t.strictSame(readTrailer({ code: status[facts.status], metadata }), { code, shown: code, answered: true });
    t.strictSame(readTrailer({ code: status.DATA_LOSS, metadata }), { shown: code, answered: true });
  }
});

t.test(
  'a code that is too long, has other characters, is none, or comes twice is no code; an unknown one is shown and not believed',
  async (t) => {
    const wrong = [
      '',
      'x',
      'ERR_NSATLAS_',
      `ERR_NSATLAS_${'A'.repeat(53)}`,
      'ERR_NSATLAS_read',
      'ERR_NSATLAS_A B',
      'ERR_OTHER_READ',
      'toString',
      'ERR_NSATLAS_READ,ERR_NSATLAS_STOPPING',
      'ERR_NSATLAS_\u202e',
      'ERR_NSATLAS_A\n',
    ];
    for (const code of wrong) {
      const metadata = { get: (key: string) => (key === CODE_KEY ? [code] : []) } as unknown as Metadata;
      t.strictSame(readTrailer({ code: status.UNAVAILABLE, metadata }), { answered: false }, JSON.stringify(code));
    }
    const twice = withCode('ERR_NSATLAS_READ', 'ERR_NSATLAS_READ');
    t.strictSame(readTrailer({ code: status.UNAVAILABLE, metadata: twice }), { answered: false });
    const binary = { get: () => [Buffer.from('ERR_NSATLAS_READ')] } as unknown as Metadata;
    t.strictSame(readTrailer({ code: status.UNAVAILABLE, metadata: binary }), { answered: false });
    t.strictSame(readTrailer({ code: status.UNAVAILABLE }), { answered: false });
    // One of ours that servers do not send.
    for (const code of ['ERR_NSATLAS_TOMORROW', 'ERR_NSATLAS_USAGE'])
      t.strictSame(readTrailer({ code: status.UNAVAILABLE, metadata: withCode(code) }), { shown: code, answered: true });
  },
);

const CASES: readonly [
  about: string,
  Outcome,
  problem: string,
  message: RegExp,
  serverCode: string | undefined,
  again: boolean,
][] = [
  [
    'an agent that cannot read its host has failed, and may be asked again',
    { code: status.UNAVAILABLE, details: 'no /proc', metadata: trailerOf('ERR_NSATLAS_READ') },
    'FAILED',
    /^the agent at [\d.:]+ failed: no \/proc$/,
    'ERR_NSATLAS_READ',
    true,
  ],
  [
    'an agent that stops is not there, whatever it says',
    { code: status.UNAVAILABLE, details: 'this host could not be read', metadata: trailerOf('ERR_NSATLAS_STOPPING') },
    'UNREACHABLE',
    /^cannot reach the agent at [\d.:]+: it has stopped; is `nsatlas agent` running\?$/,
    'ERR_NSATLAS_STOPPING',
    true,
  ],
  [
    'an agent of another host refuses',
    { code: status.NOT_FOUND, details: 'another host', metadata: trailerOf('ERR_NSATLAS_OTHER_HOST') },
    'REFUSED',
    /refused the request: another host$/,
    'ERR_NSATLAS_OTHER_HOST',
    false,
  ],
  [
    'a release without codes: its status decides, and its words are shown',
    { code: status.UNAVAILABLE, details: 'this host could not be read: no /proc' },
    'FAILED',
    /^the agent at [\d.:]+ failed: this host could not be read: no \/proc$/,
    undefined,
    true,
  ],
  [
    'a release without codes that refuses',
    { code: status.INVALID_ARGUMENT, details: 'selector.macs[0]: is none' },
    'REFUSED',
    /refused the request: selector\.macs\[0\]: is none$/,
    undefined,
    false,
  ],
  [
    'a newer release: its code is shown, and the status decides',
    { code: status.FAILED_PRECONDITION, details: 'not today', metadata: withCode('ERR_NSATLAS_TOMORROW') },
    'FAILED',
    /failed: not today$/,
    'ERR_NSATLAS_TOMORROW',
    true,
  ],
  [
    'a code that does not go with its status decides nothing',
    { code: status.PERMISSION_DENIED, details: 'no', metadata: withCode('ERR_NSATLAS_STOPPING') },
    'REFUSED',
    /refused this client: no$/,
    'ERR_NSATLAS_STOPPING',
    false,
  ],
  [
    'two codes are none, and words that would play with a terminal are made harmless',
    { code: status.UNAVAILABLE, details: 'a\u001b[2Jb', metadata: withCode('ERR_NSATLAS_STOPPING', 'ERR_NSATLAS_STOPPING') },
    'FAILED',
    /failed: a\\u\{1b\}\[2Jb$/,
    undefined,
    true,
  ],
  [
    'a proxy’s words are shown',
    { code: status.UNAVAILABLE, details: 'upstream connect error' },
    'FAILED',
    /failed: upstream connect error$/,
    undefined,
    true,
  ],
  ['a status without words', { code: status.UNKNOWN, details: '' }, 'FAILED', /failed: status 2$/, undefined, true],
];

for (const [about, outcome, problem, message, serverCode, again] of CASES) {
  for (const watch of [false, true]) {
    t.test(`${about}${watch ? ' (Watch)' : ''}`, async (t) => {
      const error = await errorOf(t, await failing(t, outcome), watch);
      t.equal(error.code, `ERR_NSATLAS_AGENT_${problem}`);
      t.match(error.message, message);
      t.equal(error.serverCode, serverCode);
      t.equal(isTransient(error), again);
    });
  }
}

t.test('a code arrives at the end of a stream, too', async (t) => {
  const outcome = { code: status.UNAVAILABLE, details: 'the agent is stopping', metadata: trailerOf('ERR_NSATLAS_STOPPING') };
  const error = await errorOf(t, await failing(t, outcome, true), true);
  t.strictSame([error.code, error.serverCode], ['ERR_NSATLAS_AGENT_UNREACHABLE', 'ERR_NSATLAS_STOPPING']);
  t.match(error.message, /it has stopped/);
});

t.test('a release without codes that stops in the middle of a stream is not reached, in its own words', async (t) => {
  const address = await failing(t, { code: status.UNAVAILABLE, details: 'the agent is stopping' }, true);
  const error = await errorOf(t, address, true);
  t.equal(error.code, 'ERR_NSATLAS_AGENT_UNREACHABLE');
  t.match(error.message, /^cannot reach the agent at [\d.:]+: .*the agent is stopping/);
  t.equal(isTransient(error), true);
});

t.test('a web server that answers 404 or 502 is no agent, with what to do', async (t) => {
  for (const [code, problem, message] of [
    [404, 'REFUSED', /does not know this call; is it an agent of this version\?$/],
    [502, 'UNREACHABLE', /does not speak gRPC.*Received HTTP status code 502/],
    [401, 'REFUSED', /refused this client/],
  ] as const) {
    const server = createHttp2Server((_request, response) => {
      response.writeHead(code, { 'content-type': 'text/html' });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const error = await errorOf(t, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.equal(error.code, `ERR_NSATLAS_AGENT_${problem}`, `${code}`);
    t.match(error.message, message);
  }
});

t.test('what went wrong with a connection is known from how far it came and from the errno', async (t) => {
  const server = createServer((socket) => socket.resume().end('220 mail\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const mail = await errorOf(t, `127.0.0.1:${port}`);
  t.equal(mail.code, 'ERR_NSATLAS_AGENT_UNREACHABLE');
  t.match(mail.message, /: the server there does not speak gRPC/);
  await new Promise((resolve) => server.close(resolve));
  t.match((await errorOf(t, `127.0.0.1:${port}`)).message, /: connection refused; is `nsatlas agent` running\?$/);
  t.match((await errorOf(t, 'no-such-host.invalid:7117')).message, /: no such host name; is `nsatlas agent` running\?$/);
  t.match((await errorOf(t, 'unix:/nonexistent/a.sock')).message, /: there is no such socket; is/);
});
