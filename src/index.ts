/** The library: `import { openExecutor, parseSystem, realise, simulate } from "onsager"`. */
export { batchOf, type BatchPoint, type SystemBatch } from "./engine/batch.js";
export { listAdapters, openExecutor, type AdapterReport, type DeviceOptions } from "./engine/devices.js";
export type { DeviceDescription, Executor } from "./engine/executor.js";
export { realise, type LoadArray, type System } from "./engine/realise.js";
export { monteCarlo, type ChainOptions, type MonteCarloOptions } from "./engine/monte-carlo.js";
export type { MonteCarloResult } from "./engine/chain-results.js";
export { simulate, type PointResult, type SimulationOptions } from "./engine/simulate.js";
export type { Status, SteadyOptions } from "./engine/steady-state.js";
export { closures, closureNames, type ClosureName } from "./physics/closures.js";
export { observables, observableNames, type ObservableName } from "./physics/observables.js";
export { InputError } from "./physics/input-error.js";
export { verifyStep, type VerificationReport } from "./verify/verify-step.js";
export { parseSystem, type SystemDescription, type SystemInput } from "./physics/system.js";
