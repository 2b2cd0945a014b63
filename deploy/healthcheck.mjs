// Asks an agent or a collector for its health, for Docker: node healthcheck.mjs SOCKET
//
// SOCKET is one that it serves (--listen unix:SOCKET). Unix sockets are plain, so no certificate is needed. Node's own modules
// only: this is started every few seconds, and has to be cheap.
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/** Milliseconds until it is given up; Docker's own limit is longer. */
const LIMIT_MS = 5000;

/** grpc.health.v1.HealthCheckResponse {status: SERVING}, and the frame around it. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

/** An empty HealthCheckRequest: the server as a whole. */
const REQUEST = Buffer.from([0, 0, 0, 0, 0]);

const [path] = process.argv.slice(2);
if (path === undefined) end('which socket? node healthcheck.mjs SOCKET');
setTimeout(() => end(`${path} did not answer within ${LIMIT_MS} ms`), LIMIT_MS);

const session = connect('http://localhost', { createConnection: () => connectSocket(path) });
session.on('error', (error) => end(`${path}: ${error.message}`));
const call = session.request({
  ':method': 'POST',
  ':path': '/grpc.health.v1.Health/Check',
  'content-type': 'application/grpc',
  te: 'trailers',
});
const answer = [];
let status = 'nothing';
call.on('error', (error) => end(`${path}: ${error.message}`));
call.on('response', (headers) => (status = headers['grpc-status'] ?? status));
call.on('trailers', (trailers) => (status = trailers['grpc-status'] ?? status));
call.on('data', (chunk) => answer.push(chunk));
call.on('end', () => {
  if (status !== '0') end(`${path}: gRPC status ${status}`);
  if (!Buffer.concat(answer).equals(SERVING)) end(`${path}: not serving`);
  process.exit(0);
});
call.end(REQUEST);

/** Docker keeps what is printed and shows it in "docker inspect". */
function end(problem) {
  console.log(problem);
  process.exit(1);
}
