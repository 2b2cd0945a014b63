// The state matrix inside a worker thread: posts the outcomes.
import { parentPort, workerData } from 'node:worker_threads';
import { stateMatrix } from './native-states.js';

parentPort?.postMessage(await stateMatrix(workerData as string));
