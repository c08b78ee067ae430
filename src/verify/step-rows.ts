/** Chosen rows of one step m(1) = G(m(0)), on the CPU: the stages of the engine on a rectangular system, rows × N. */
import type { System } from "../engine/realise.js";
import { MOMENT_SUMS } from "../engine/step-arrays.js";
import { INNER_ACCEPTED } from "../engine/time-step.js";
import { type Closure, type ClosureName, closures, momentRule } from "../physics/closures.js";
import { InputError } from "../physics/input-error.js";
import { BINARY_RULES } from "../reference/binary-update.js";
import { pad } from "../reference/layout.js";
import { RESPONSES } from "../reference/moment-weights.js";
import { tapMean } from "../reference/tap-mean.js";
import { SPHERE_CLOSURES } from "../reference/sphere-update.js";
import type { Arithmetic } from "./arithmetic.js";
import { allRows, couplingRows, headRows } from "./coupling-rows.js";

export interface EvaluatedRows {
  /** G(m(0)) of the chosen sites, [rows][heads · D]. */
  readonly values: Float64Array;
  /** False for a row of which an inner equation has found no root: closures need not have one. */
  readonly solved: readonly boolean[];
}

/**
 * @param rows sites whose image is wanted
 * @throws InputError if the closure is not defined for the spins
 */
export function evaluateRows(
  system: System,
  closure: ClosureName,
  rows: readonly number[],
  arithmetic: Arithmetic,
): EvaluatedRows {
  const { spins, sites, heads } = system;
  const asked = momentRule(closure, spins);
  if (typeof asked !== "string") throw new InputError("closure", asked.found, asked.expected);
  const { binary }: Closure = closures[closure];
  // From a product law, which has no correlations yet, V of the closures that carry them is that of tap.
  const rule = spins.kind === "binary" && binary?.memory === "correlations" ? "variance" : asked;
  const { kernels, load } = arithmetic;
  const { components } = spins;
  const stride = spins.kind === "binary" ? 1 : pad(components);
  const pick = (values: Float64Array, from: readonly number[]) =>
    headRows(values, { rows: from, heads, width: components, stride }, arithmetic);

  const step: RowStep = {
    arithmetic,
    rows: rows.length,
    sites,
    systems: heads,
    components,
    stride,
    radius: load(spins.radius),
    response: spins.kind === "sphere" ? RESPONSES.indexOf(spins.response) : 0,
    published: rule === "tensor-published",
    couplings: couplingRows(system, rows, arithmetic),
    state: pick(system.initial, allRows(sites)),
    previous: pick(system.initial, rows),
    externalField: pick(system.field, rows),
    betas: rowBetas(system, rows, load),
    weights: new Float64Array(heads * MOMENT_SUMS[rule].kinds * pad(sites)),
    weightKinds: MOMENT_SUMS[rule].kinds,
    field: new Float64Array(heads * pad(rows.length) * stride),
    moments: new Float64Array(heads * Math.max(1, MOMENT_SUMS[rule].sums) * pad(rows.length)),
  };
  const { state, weights, radius, published, response, weightKinds, field, moments } = step;
  if (weightKinds > 0) {
    kernels["moment-weights"](
      { state, weights },
      { systems: heads, sites, components, componentStride: stride, radius },
      { KINDS: weightKinds, PUBLISHED: published, RESPONSE: response },
    );
  }
  const { sums } = MOMENT_SUMS[rule];
  multiply(step, arithmetic.products.field, { couplings: step.couplings, field, moments, MOMENTS: sums });

  const image = new Float64Array(field.length);
  const residuals = rule.startsWith("tensor")
    ? solveTensor(step, image)
    : updateSites(step, spins.kind, closure, image);
  const accepted = (row: number, head: number) => residuals[head * pad(rows.length) + row] <= INNER_ACCEPTED.f64;
  const solved = rows.map((_, row) => allRows(heads).every((head) => accepted(row, head)));
  return { values: unpackRows(step, image), solved };
}

/** The field h = x + J s of the chosen sites from the state `system.initial`, [rows][heads · D]. */
export function evaluateFieldRows(system: System, rows: readonly number[], arithmetic: Arithmetic): Float64Array {
  const { spins, sites, heads } = system;
  const stride = spins.kind === "binary" ? 1 : pad(spins.components);
  const pick = (values: Float64Array, from: readonly number[]) =>
    headRows(values, { rows: from, heads, width: spins.components, stride }, arithmetic);
  const field = new Float64Array(heads * pad(rows.length) * stride);
  const shape = { arithmetic, rows: rows.length, sites, systems: heads, components: spins.components, stride };
  const none = new Float64Array();
  multiply(
    { ...shape, state: pick(system.initial, allRows(sites)), weights: none, weightKinds: 0 },
    arithmetic.products.field,
    { couplings: couplingRows(system, rows, arithmetic), field, moments: none, MOMENTS: 0 },
  );
  const external = pick(system.field, rows);
  return unpackRows(
    shape,
    field.map((value, index) => value + external[index]),
  );
}

/** One step of chosen rows: arrays in the layout of the kernels, with `rows` where a site receives and N where it sends. */
interface RowStep {
  readonly arithmetic: Arithmetic;
  readonly rows: number;
  readonly sites: number;
  readonly systems: number;
  readonly components: number;
  readonly stride: number;
  readonly radius: number;
  readonly response: number;
  readonly published: boolean;
  readonly couplings: Float64Array;
  /** m(0) of all sites, and of the chosen ones. */
  readonly state: Float64Array;
  readonly previous: Float64Array;
  readonly externalField: Float64Array;
  readonly betas: Float64Array;
  readonly weights: Float64Array;
  readonly weightKinds: number;
  readonly field: Float64Array;
  readonly moments: Float64Array;
}

/** β of the chosen sites, [head][pad(rows)]. */
function rowBetas({ heads, beta, betas }: System, rows: readonly number[], load: (value: number) => number) {
  const packed = new Float64Array(heads * pad(rows.length));
  for (let head = 0; head < heads; head++) {
    rows.forEach((row, r) => (packed[head * pad(rows.length) + r] = load(betas?.[row] ?? beta)));
  }
  return packed;
}

/** The products with all N sites: J m and the sums of J² w, or K m of the reaction. */
function multiply(
  step: Pick<
    RowStep,
    "arithmetic" | "systems" | "rows" | "sites" | "components" | "state" | "weights" | "weightKinds" | "stride"
  >,
  fieldSphere: Arithmetic["products"]["field"],
  target: { couplings: Float64Array; field: Float64Array; moments: Float64Array; MOMENTS: number },
): void {
  const { systems, rows, sites, components, state, weights, weightKinds, stride } = step;
  const { couplings, field, moments, MOMENTS } = target;
  const { kernels } = step.arithmetic;
  const arrays = { couplings, state, weights, field, moments };
  const params = { systems, systemsPerCoupling: 1, rows, rowStart: 0, rowCount: rows, columns: sites };
  if (stride === 1) kernels["field-binary"](arrays, params, { MOMENTS });
  else fieldSphere(arrays, { ...params, dimension: components, weightKinds }, { MOMENTS });
}

/** @returns how far every site is from the root of its inner equation, [head][pad(rows)] */
function updateSites(
  step: RowStep,
  kind: "binary" | "sphere",
  closure: ClosureName,
  image: Float64Array,
): Float64Array {
  const { systems, rows, components, radius, response, externalField, field, moments, betas } = step;
  const { kernels } = step.arithmetic;
  const solveResidual = new Float64Array(systems * pad(rows));
  const arrays = { externalField, field, moments, betas, image, solveResidual };
  if (kind === "binary") {
    const { binary }: Closure = closures[closure];
    if (binary?.update === "pairwise") {
      updatePairwise(step, image);
      return solveResidual;
    }
    // Before the start there is nothing to echo.
    const echo = new Float64Array(solveResidual.length);
    const RULE = BINARY_RULES[binary?.update ?? "naive"];
    kernels["binary-update"]({ ...arrays, echo }, { systems, sites: rows }, { RULE });
  } else {
    const CLOSURE = SPHERE_CLOSURES[closure as keyof typeof SPHERE_CLOSURES];
    const params = { systems, sites: rows, dimension: components, radius };
    kernels["sphere-update"](arrays, params, { CLOSURE, RESPONSE: response });
  }
  return solveResidual;
}

/** plefka2-t from a product law, which has D' = 0 and C' = diag(1 - m'²): equations 4.6. */
function updatePairwise(step: RowStep, image: Float64Array): void {
  const { systems, rows, sites, couplings, state, weights, externalField, field, moments, betas } = step;
  const { round } = step.arithmetic;
  for (let index = 0; index < systems * pad(rows); index++) {
    const [head, row] = [Math.floor(index / pad(rows)), index % pad(rows)];
    if (row >= rows) continue;
    const beta = betas[index];
    const h = round(beta * round(externalField[index] + field[index]));
    let sum = 0;
    for (let l = 0; l < sites; l++) {
      const coupling = couplings[(head * rows + row) * pad(sites) + l];
      const m = state[head * pad(sites) + l];
      const own = round(round(coupling * coupling) * weights[head * pad(sites) + l]);
      const variance = round(round(beta * beta) * Math.max(0, round(moments[index] - own)));
      const mean = (spin: number) =>
        round(tapMean(round(h + round(round(beta * coupling) * round(spin - m))), variance));
      const share = round(round(round(1 + m) * mean(1)) + round(round(1 - m) * mean(-1)));
      sum = round(sum + round(0.5 * share));
    }
    image[index] = round(sum / sites);
  }
}

/**
 * The second-order equation of the chosen sites; their reaction sums run over all sites and are taken anew each time.
 * @returns as `updateSites`
 */
function solveTensor(step: RowStep, image: Float64Array): Float64Array {
  const { systems, rows, sites, components, radius, response, published, state, weights } = step;
  const { kernels, inner } = step.arithmetic;
  const likeState = () => new Float64Array(step.field.length);
  const [local, effective, mean, reaction] = [likeState(), likeState(), likeState(), likeState()];
  const solved = new Float64Array(2 * systems * pad(rows));
  const { betas, externalField, field, previous, moments, couplings } = step;
  const params = { systems, sites: rows, dimension: components, radius };
  kernels["sphere-tap-start"](
    { externalField, field, previous, betas, local, effective, mean, sites: solved },
    params,
    { RESPONSE: response },
  );
  const reactions = new Float64Array(couplings.length);
  const units = new Float64Array(systems).fill(1);
  const shape = { couplings: systems, rows, rowStart: 0, rowCount: rows, columns: sites };
  const iterations = published ? inner.iterations.published : inner.iterations.corrected;
  const unsolved = () => solved.some((residual, k) => k % 2 === 1 && residual > inner.tolerance);
  for (let iteration = 0; iteration < iterations && unsolved(); iteration++) {
    kernels.scores(
      { queries: mean, keys: state, scales: units, available: units, scores: reactions },
      { ...shape, dimension: components, querySharing: 1 },
      { MASK: 0 },
    );
    kernels["reaction-weights"](
      { couplings, weights, reactions },
      { systems, systemsPerCoupling: 1, rowCount: rows, columns: sites },
    );
    multiply(step, kernels["field-sphere"], { couplings: reactions, field: reaction, moments, MOMENTS: 0 });
    kernels["sphere-tap"](
      { local, moments, reaction, betas, effective, mean, best: image, sites: solved },
      { ...params, tolerance: inner.tolerance },
      { PUBLISHED: published, RESPONSE: response },
    );
  }
  return solved.filter((_, k) => k % 2 === 1);
}

/** [head][pad(rows)][stride] as [rows][heads · D]. */
function unpackRows(
  { systems, rows, components, stride }: Pick<RowStep, "systems" | "rows" | "components" | "stride">,
  image: Float64Array,
): Float64Array {
  const width = systems * components;
  const result = new Float64Array(rows * width);
  for (let head = 0; head < systems; head++) {
    for (let row = 0; row < rows; row++) {
      const from = (head * pad(rows) + row) * stride;
      result.set(image.subarray(from, from + components), row * width + head * components);
    }
  }
  return result;
}
