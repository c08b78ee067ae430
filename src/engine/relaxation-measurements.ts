/** Measurements of the way to the fixed point: how fast plain steps get there, and how far the state is from it. */
import type { Measurements } from "../physics/moments.js";
import type { MeasurementContext } from "./measurement-context.js";
import { Reducer, siteScalars } from "./reductions.js";
import { columnSums, siteConstants } from "./state-measurements.js";
import { solveSteadyState, STEADY_DEFAULTS } from "./steady-state.js";
import { History } from "./history.js";

/** Plain steps from the start of a run that asks for a steady state. */
const PLAIN_STEPS = 256;

/** Residuals down to here, in units of R, still fall as the dynamics does; below, rounding shows. */
const ROUNDING_FLOOR = { f32: 1e-5, f64: 1e-11 } as const;

export async function measurePlainResiduals({
  executor,
  layout,
  step,
  state,
  steps = PLAIN_STEPS,
}: MeasurementContext): Promise<Measurements["plainResiduals"][]> {
  const { systems, sites, components, componentStride, radius, paddedSites } = layout;
  const slots = [
    executor.upload(
      "plain state",
      layout.pack((point) => point.initial),
    ),
    executor.allocate("plain state", state.length),
  ];
  const distance = executor.allocate("site residual", systems * paddedSites);
  const largest = new Reducer(executor, siteScalars(systems, sites));
  const residuals: Float64Array[] = [];
  const history = new History(executor, "residuals", systems, steps, (values) => residuals.push(values.slice()));
  for (let t = 0; t < steps; t++) {
    const [left, right] = [slots[(t + 1) % 2], slots[t % 2]];
    step.record(right, left);
    executor.run({
      kernel: "site-distance",
      arrays: { left, right, distance },
      params: { systems, sites, components, componentStride, radius },
      constants: { SUBTRACT: true },
    });
    largest.record(distance, "maximum");
    await history.push(largest.results);
    await executor.flush();
  }
  await history.drain();
  const floor = ROUNDING_FLOOR[executor.device.precision];
  return Array.from({ length: systems }, (_, system) => {
    const own = residuals.map((values) => values[system]);
    const settled = own.findIndex((value) => value <= floor);
    return settled < 0 ? own : own.slice(0, settled);
  });
}

export async function measureMismatch({
  executor,
  layout,
  step,
  state,
}: MeasurementContext): Promise<(Measurements["mismatch"] | undefined)[]> {
  const { systems, sites, components, componentStride, radius, paddedSites } = layout;
  const image = executor.allocate("image", state.length);
  const field = executor.allocate("field of the state", state.length);
  step.record(state, image);
  executor.copy(step.inputs.field, field);
  const fixed = executor.allocate("fixed point", state.length);
  executor.copy(state, fixed);
  const { status } = await solveSteadyState(executor, layout, step, fixed, STEADY_DEFAULTS);
  step.record(fixed, image);
  const mismatch = executor.allocate("mismatch", systems * paddedSites);
  const { externalField, field: targetField, betas } = step.inputs;
  executor.run({
    kernel: "site-mismatch",
    arrays: { externalField, field, targetField, betas, mismatch },
    params: { systems, sites, components, componentStride, radius },
    constants: siteConstants(layout),
  });
  const sums = await columnSums(executor, layout, mismatch, 1);
  return Array.from(sums, (sum, system) => (status[system] === "converged" ? sum : undefined));
}
