/** The library: `import { openExecutor, parseSystem, realise, simulate } from "onsager"`. */
export { batchOf, type BatchPoint, type SystemBatch } from "./engine/batch.js";
export { listAdapters, openExecutor, type AdapterReport, type DeviceOptions } from "./engine/devices.js";
export type { DeviceDescription, Executor } from "./engine/executor.js";
export { realise, type LoadArray, type System } from "./engine/realise.js";
export { type Correlations, simulate, type PointResult, type SimulationOptions } from "./engine/simulate.js";
export type { Status, SteadyOptions } from "./engine/steady-state.js";
export { closures, closureNames, type ClosureName } from "./physics/closures.js";
export { observables, observableNames, type ObservableName } from "./physics/observables.js";
export { plefkaFreeEnergy } from "./physics/free-energy.js";
export { InputError } from "./physics/input-error.js";
export {
  evaluateTheory,
  theories,
  theoryNames,
  type TheoryEvaluation,
  type TheoryName,
} from "./physics/theory/theories.js";
export { inferCouplings, type InverseMethod, type StationaryMoments } from "./reference/inverse-problem.js";
export { verifyStep, type VerificationReport } from "./verify/verify-step.js";
export { parseSystem, type SystemDescription, type SystemInput } from "./physics/system.js";
