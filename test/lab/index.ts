export { Dockerd, type DockerdOptions } from './dockerd.js';
export { LabError, type LabErrorCode } from './error.js';
export { LabHost } from './host.js';
export { IMAGE } from './image.js';
export { Lab, type LabOptions } from './lab.js';
export { labObstacle } from './machine.js';
export { LabProcess } from './process.js';
export type { RunOptions, RunResult } from './run.js';
export { type RunningTask, waitForTasks } from './swarm.js';
export { waitFor, type WaitOptions } from './wait.js';
export {
  type AcceptanceScenario,
  buildAcceptanceScenario,
  createService,
  type LabContainer,
  type LabNetwork,
  secondDaemon,
  startContainer,
} from './scenario.js';
