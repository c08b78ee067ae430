/** What a measurement starts from: a run that has come to its end. */
import type { BatchLayout } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import type { TimeStep } from "./time-step.js";

export interface MeasurementContext {
  readonly executor: Executor;
  readonly layout: BatchLayout;
  readonly step: TimeStep;
  /** The state that is returned; it must not be written. */
  readonly state: Slot;
  /** Steps of the run; undefined for a steady state. */
  readonly steps: number | undefined;
  /** max_i |G(m)_i - m_i| / R of every system. */
  readonly residual: Float64Array;
}
