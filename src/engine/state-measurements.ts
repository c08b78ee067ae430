/** Measurements of the final state: its Gram matrix, its directions, its energies. */
import { RESPONSES } from "../reference/moment-weights.js";
import { ENERGY_COLUMNS } from "../reference/site-energies.js";
import type { Measurements } from "../physics/moments.js";
import { type BatchLayout, betasOf } from "./batch.js";
import type { Executor, Slot } from "./executor.js";
import type { MeasurementContext } from "./measurement-context.js";
import { Reducer, siteScalars } from "./reductions.js";

/** Unit roundoff of the arithmetic that sums. */
const ROUNDOFF = { f32: 2 ** -24, f64: 2 ** -53 } as const;

/** Every column of [system][pad(N)][columnStride] summed: [system][columns]. */
export async function columnSums(
  executor: Executor,
  { systems: batch, sites: rows, paddedSites: rowStride }: BatchLayout,
  values: Slot,
  columns: number,
  columnStride = columns,
): Promise<Float64Array> {
  const reducer = new Reducer(executor, { batch, rows, rowStride, columns, columnStride });
  reducer.record(values, "sum");
  return executor.read(reducer.results);
}

/** Σ_i |h_i| and min_i |h_i| of h = x + J m. */
export async function measureLocalFields({
  executor,
  layout,
  step,
  state,
}: MeasurementContext): Promise<Measurements["localFields"][]> {
  const { systems, sites, components, componentStride, paddedSites } = layout;
  const field = executor.allocate("field of the state", state.length);
  step.recordProduct(state, field);
  const right = executor.upload(
    "external field, negative",
    layout.pack((point) => point.field.map((x) => -x)),
  );
  const distance = executor.allocate("lengths of fields", systems * paddedSites);
  executor.run({
    kernel: "site-distance",
    arrays: { left: field, right, distance },
    params: { systems, sites, components, componentStride, radius: 1 },
    constants: { SUBTRACT: true },
  });
  const sums = await columnSums(executor, layout, distance, 1);
  const minima = new Reducer(executor, siteScalars(systems, sites));
  minima.record(distance, "minimum");
  const smallest = await executor.read(minima.results);
  return Array.from(sums, (sum, system) => ({ sum, smallest: smallest[system] }));
}

/** Constants of the kernels that take a single-site response. */
export function siteConstants({ batch: { spins } }: BatchLayout): { BINARY: boolean; RESPONSE: number } {
  return spins.kind === "binary"
    ? { BINARY: true, RESPONSE: 0 }
    : { BINARY: false, RESPONSE: RESPONSES.indexOf(spins.response) };
}

export async function measureGram({ executor, layout, state }: MeasurementContext): Promise<Measurements["gram"][]> {
  const { systems, sites, components: dimension, componentStride: stride } = layout;
  const gram = executor.allocate("gram", systems * stride * stride);
  executor.run({
    kernel: "component-gram",
    arrays: { state, gram },
    params: { systems, sites, dimension },
    constants: {},
  });
  const values = await executor.read(gram);
  const roundoff = ROUNDOFF[executor.device.precision];
  return Array.from({ length: systems }, (_, system) => {
    const matrix = new Float64Array(dimension * dimension);
    for (let row = 0; row < dimension; row++) {
      const from = (system * stride + row) * stride;
      matrix.set(values.subarray(from, from + dimension), row * dimension);
    }
    return { matrix, roundoff };
  });
}

export async function measureDirections({
  executor,
  layout,
  state,
}: MeasurementContext): Promise<Measurements["directions"][]> {
  const { systems, sites, components, componentStride, paddedSites } = layout;
  const directions = executor.allocate("directions", state.length);
  executor.run({
    kernel: "site-directions",
    arrays: { state, directions },
    params: { systems, sites, components, componentStride },
    constants: {},
  });
  const sums = await columnSums(executor, layout, directions, components, componentStride);
  const lengths = executor.allocate("lengths", systems * paddedSites);
  executor.run({
    kernel: "site-distance",
    arrays: { left: directions, right: executor.unread, distance: lengths },
    params: { systems, sites, components, componentStride, radius: 1 },
    constants: { SUBTRACT: false },
  });
  const counts = await columnSums(executor, layout, lengths, 1);
  return Array.from(counts, (count, system) => ({
    sum: [...sums.subarray(system * components, (system + 1) * components)],
    // Every length is 0 or 1 within rounding.
    count: Math.round(count),
  }));
}

export async function measureEnergies({
  executor,
  layout,
  step,
  state,
}: MeasurementContext): Promise<Measurements["energies"][]> {
  const { systems, sites, components, componentStride, radius, paddedSites } = layout;
  const constants = siteConstants(layout);
  const params = { systems, sites, components, componentStride, radius };
  const field = executor.allocate("field of the state", state.length);
  const energies = executor.allocate("site energies", ENERGY_COLUMNS * systems * paddedSites);
  let moments = executor.unread;
  if (constants.BINARY) {
    const weights = executor.allocate("variances", systems * paddedSites);
    moments = executor.allocate("moments", systems * paddedSites);
    executor.run({
      kernel: "moment-weights",
      arrays: { state, weights },
      params,
      constants: { KINDS: 1, PUBLISHED: false, RESPONSE: 0 },
    });
    step.recordProduct(state, field, { weights, moments });
  } else {
    step.recordProduct(state, field);
  }
  const { externalField, betas } = step.inputs;
  const arrays = { externalField, field, state, moments, betas, energies };
  executor.run({ kernel: "site-energies", arrays, params, constants });
  const sums = await columnSums(executor, layout, energies, ENERGY_COLUMNS);
  const beta = layout.packSites(betasOf);
  return Array.from({ length: systems }, (_, system) => {
    const [external, coupling, logPartition, entropy, reaction] = sums.subarray(ENERGY_COLUMNS * system);
    return { external, coupling, logPartition, entropy, reaction, beta: beta[system * paddedSites] };
  });
}
