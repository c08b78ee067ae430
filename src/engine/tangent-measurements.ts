/** Power iterations and tangent trajectories: the growth of a perturbation, normalised on the device at every step. */
import { InputError } from "../physics/input-error.js";
import type { Measurements } from "../physics/moments.js";
import { LYAPUNOV_DISCARDED } from "../physics/observables.js";
import { gaussianMatrix, STREAMS } from "../reference/random.js";
import type { Slot } from "./executor.js";
import type { MeasurementContext } from "./measurement-context.js";
import { Reducer, siteScalars } from "./reductions.js";
import { siteConstants } from "./state-measurements.js";
import { History } from "./history.js";

/** Power iterations, and those of them that are left to forget the start. */
export const POWER_ITERATIONS = 300;
const DISCARDED = 100;

/** A tangent map is that of a fixed point if no site moves by more than this, in units of R. */
const FIXED = 1e-5;

/** Row sums of J count as 1 within this: a sum of N roundings of J in f32. */
const UNIT_ROW = 1e-4;

/** ln of the growth of a perturbation by the tangent map at the final state. */
export async function measureTangent(context: MeasurementContext): Promise<(Measurements["tangent"] | undefined)[]> {
  const { executor, step, state, residual } = context;
  step.record(state, executor.allocate("image", state.length));
  const growths = await perturbationGrowths(context, POWER_ITERATIONS, DISCARDED, tangentMap(context));
  return growths.map((growth, system) => (residual[system] <= FIXED ? growth : undefined));
}

/** The same along the trajectory from the start of the run. */
export async function measureTangentTrajectory(
  context: MeasurementContext,
): Promise<Measurements["tangentTrajectory"][]> {
  const { executor, layout, step, state, steps = 0 } = context;
  const slots = [
    executor.upload(
      "trajectory",
      layout.pack((point) => point.initial),
    ),
    executor.allocate("image", state.length),
  ];
  const apply = tangentMap(context);
  return perturbationGrowths(context, steps, LYAPUNOV_DISCARDED, (t, vector, squares, image) => {
    step.record(slots[t % 2], slots[(t + 1) % 2]);
    apply(t, vector, squares, image);
  });
}

/**
 * The same by J, off the vector of ones.
 * @throws InputError if a row of J does not sum to one
 */
export async function measureDeflated(context: MeasurementContext): Promise<Measurements["deflated"][]> {
  const { executor, layout, step, state } = context;
  const { systems, sites, components, componentStride, paddedSites } = layout;
  const product = executor.allocate("product", state.length);
  const ones = executor.upload("ones", packed(context, new Float64Array(sites * components).fill(1)));
  const defect = executor.allocate("row sums", systems * paddedSites);
  const largest = new Reducer(executor, siteScalars(systems, sites));
  const shape = { systems, sites, components, componentStride };
  step.recordProduct(ones, product);
  executor.run({
    kernel: "site-distance",
    arrays: { left: product, right: ones, distance: defect },
    params: { ...shape, radius: Math.sqrt(components) },
    constants: { SUBTRACT: true },
  });
  largest.record(defect, "maximum");
  const worst = Math.max(...(await executor.read(largest.results)));
  if (!(worst <= UNIT_ROW)) {
    const found = `second-eigenvalue of couplings with a row sum that differs from 1 by ${worst.toPrecision(2)}`;
    throw new InputError("observe", found, "rows that sum to 1, without one that is masked whole");
  }
  const sums = new Reducer(executor, {
    batch: systems,
    rows: sites,
    rowStride: paddedSites,
    columns: components,
    columnStride: componentStride,
  });
  return perturbationGrowths(context, POWER_ITERATIONS, DISCARDED, (_, vector, squares, image) => {
    step.recordProduct(vector, product);
    sums.record(product, "sum");
    executor.run({
      kernel: "deflate",
      arrays: { product, sums: sums.results, squares, image },
      params: shape,
      constants: {},
    });
  });
}

/** Records image = A vector / |vector|, where squares holds |vector|² of every system. */
type Advance = (step: number, vector: Slot, squares: Slot, image: Slot) => void;

/** β_i Σ_i J at the field of the state that was stepped last. */
function tangentMap({ executor, layout, step, state }: MeasurementContext): Advance {
  const { systems, sites, components, componentStride, radius } = layout;
  const product = executor.allocate("product", state.length);
  return (_, vector, squares, image) => {
    step.recordProduct(vector, product);
    executor.run({
      kernel: "tangent-update",
      arrays: { ...step.inputs, product, squares, image },
      params: { systems, sites, components, componentStride, radius },
      constants: siteConstants(layout),
    });
  };
}

/** ln |A w|/|w| of the steps after the discarded ones, a list a system, from a random start that all systems share. */
async function perturbationGrowths(
  context: MeasurementContext,
  steps: number,
  discarded: number,
  advance: Advance,
): Promise<number[][]> {
  const { executor, layout, state } = context;
  const { systems, sites, components, componentStride, paddedSites } = layout;
  const source = { seed: 0, stream: STREAMS.perturbation, sample: 0 };
  const slots = [
    executor.upload("perturbation", packed(context, gaussianMatrix(sites, components, source))),
    executor.allocate("perturbation", state.length),
  ];
  const lengths = executor.allocate("lengths", systems * paddedSites);
  const squares = new Reducer(executor, siteScalars(systems, sites));
  const growths: Float64Array[] = [];
  const history = new History(executor, "growth", systems, steps, (values) => growths.push(values.slice()));
  const measureLength = (vector: Slot) => {
    executor.run({
      kernel: "site-distance",
      arrays: { left: vector, right: executor.unread, distance: lengths },
      params: { systems, sites, components, componentStride, radius: 1 },
      constants: { SUBTRACT: false },
    });
    squares.record(lengths, "sumOfSquares");
  };
  measureLength(slots[0]);
  for (let step = 0; step < steps; step++) {
    const image = slots[(step + 1) % 2];
    advance(step, slots[step % 2], squares.results, image);
    // Of the image of a unit vector: the square of the growth.
    measureLength(image);
    await history.push(squares.results);
    await executor.flush();
  }
  await history.drain();
  return Array.from({ length: systems }, (_, system) =>
    growths.slice(discarded).map((values) => Math.log(values[system]) / 2),
  );
}

/** The same [N][D] array for every system. */
function packed({ layout }: MeasurementContext, values: Float64Array): Float64Array {
  const { systems, sites, components, componentStride, stateLength } = layout;
  const all = new Float64Array(systems * stateLength);
  for (let system = 0; system < systems; system++) {
    for (let site = 0; site < sites; site++) {
      const from = site * components;
      all.set(values.subarray(from, from + components), system * stateLength + site * componentStride);
    }
  }
  return all;
}
