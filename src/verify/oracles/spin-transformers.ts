/** The couplings and outputs of the 2023 and 2026 spin-transformer modules, and explicit attention rows. */
import { realiseSpinTransformer, runSpinTransformer } from "../../engine/spin-transformer.js";
import { parseSpinTransformer } from "../../physics/spin-transformer.js";
import { largestError, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

type Matrix = number[][];

interface Modules {
  inputs: { N: number; heads: number; beta: number; R_head: number; X: Matrix; W_qk: Matrix; W_v: Matrix };
  expected: Record<"J_2023_code" | "J_2023_eq_sqrtD" | "J_2023_causal" | "J_2026" | "J_2026_causal", Matrix[]> &
    Record<
      | "x_normalised"
      | "module_2023_published"
      | "module_2023_causal_published"
      | "module_2023_jvariant"
      | "init_2026"
      | "step1_2026_causal"
      | "fixed_point_2026_causal",
      Matrix
    >;
}

const readModules = () => {
  const { inputs, expected } = readCase<Modules>("bal/08_softmax_module");
  const width = inputs.X[0].length;
  const dimension = width / inputs.heads;
  const spins = { kind: "sphere", dimension, response: "large-d" };
  return { inputs, expected, width, dimension, spins };
};

const tolerance = (bench: OracleBench) => bench.allow(1e-11, 5e-6);

/** Every head of every row scaled to a norm. */
function scaledHeads(rows: Matrix, dimension: number, norm: number): Matrix {
  return rows.map((row) =>
    row.map((value, column) => {
      const from = dimension * Math.floor(column / dimension);
      return (norm * value) / Math.hypot(...row.slice(from, from + dimension));
    }),
  );
}

const times = (rows: Matrix, weights: Matrix): Matrix =>
  rows.map((row) => weights.map((weight) => weight.reduce((sum, value, k) => sum + value * row[k], 0)));

const zero = { kind: "zero" };

async function module2023(bench: OracleBench): Promise<void> {
  const { inputs, expected, width, dimension, spins } = readModules();
  const { X, W_qk, beta, heads, N, R_head } = inputs;
  const system = (scale: number, mask: "none" | "causal", initial: object) => ({
    spins,
    beta,
    couplings: {
      kind: "attention",
      weights: { query: W_qk.slice(0, width), key: W_qk.slice(width) },
      heads,
      source: "field",
      scale,
      mask,
    },
    field: expected.x_normalised,
    initial,
  });
  bench.within("features of norm R a head", scaledHeads(X, dimension, R_head), expected.x_normalised, 1e-11);
  for (const [key, scale, mask] of [
    ["J_2023_code", 1, "none"],
    ["J_2023_eq_sqrtD", 1 / 4, "none"],
    ["J_2023_causal", 1, "causal"],
  ] as const) {
    const options = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
    const { couplings = [] } = await bench.run(system(scale, mask, zero), options);
    bench.within(key, couplings, expected[key], tolerance(bench));
  }
  for (const [mask, key] of [
    ["none", "module_2023_published"],
    ["causal", "module_2023_causal_published"],
  ] as const) {
    // Start F(x + J m_0), every component of m_0 being 1/√D: one naive step.
    const ones = expected.x_normalised.map((row) => row.map(() => 1 / Math.sqrt(dimension)));
    const first = await bench.run(system(1, mask, ones), { closure: "naive", run: { steps: 1 } });
    const start = Array.from({ length: N }, (_, i) => [...first.state.subarray(i * width, (i + 1) * width)]);
    const { state, status } = await bench.run(system(1, mask, start), {
      closure: "tap-published",
      run: { steady: {} },
    });
    bench.holds(`${key} converges`, status === "converged");
    bench.within(key, state, expected[key], tolerance(bench));
    if (mask === "causal") continue;
    const other = largestError(state, expected.module_2023_jvariant);
    bench.between("distance of the published index from the corrected one", other, 1e-5, 1e-1);
  }
}

async function module2026(bench: OracleBench): Promise<void> {
  const { inputs, expected, width, dimension, spins } = readModules();
  const { X, W_qk, W_v, beta, heads, R_head } = inputs;
  const features = scaledHeads(X, dimension, R_head);
  const projected = times(features, W_qk);
  const unit = (from: number, to?: number) =>
    scaledHeads(
      projected.map((row) => row.slice(from, to)),
      dimension,
      1,
    );
  /** Unit queries and keys a head, temperature √D. */
  const system = (mask: "none" | "causal", field: Matrix, initial: object) => ({
    spins,
    beta,
    couplings: {
      kind: "attention",
      queries: unit(0, width),
      keys: unit(width),
      heads,
      scale: Math.sqrt(dimension),
      mask,
    },
    field,
    initial,
  });
  for (const [key, mask] of [
    ["J_2026", "none"],
    ["J_2026_causal", "causal"],
  ] as const) {
    const options = { closure: "naive", run: { steps: 1 }, couplings: true } as const;
    const { couplings = [] } = await bench.run(system(mask, X, zero), options);
    bench.within(key, couplings, expected[key], tolerance(bench));
  }
  const learned = system("none", times(features, W_v), { kind: "field" });
  const start = await bench.run(learned, { closure: "naive", run: { steps: 0 } });
  bench.within("learned start", start.state, expected.init_2026, tolerance(bench));
  const causal = system("causal", X, expected.init_2026);
  const step = await bench.run(causal, { closure: "naive", run: { steps: 1 } });
  bench.within("one causal step", step.state, expected.step1_2026_causal, tolerance(bench));
  const steady = await bench.run(causal, { closure: "naive", run: { steady: {} } });
  bench.holds("causal fixed point converges", steady.status === "converged");
  bench.within("causal fixed point", steady.state, expected.fixed_point_2026_causal, tolerance(bench));
}

/** Runs a module as a user writes it; the last layer. */
async function lastLayer(bench: OracleBench, input: object) {
  const noFiles = () => Promise.reject(new Error("no files here"));
  const module = await realiseSpinTransformer(parseSpinTransformer(input, "module"), noFiles, "module");
  const layers = await runSpinTransformer(bench.executor, module, { observe: [] });
  return layers[layers.length - 1];
}

async function identityLayer(bench: OracleBench): Promise<void> {
  const { inputs, dimension, expected } = readModules();
  // Inside the ball: |m| = R/2.
  const tokens = scaledHeads(inputs.X, dimension, inputs.R_head / 2);
  const { heads, W_qk: queryKey, beta } = inputs;
  const module = { kind: "spin-transformer-2026", tokens, heads, queryKey, beta, carrier: "magnetization" };
  const { state } = await lastLayer(bench, module);
  bench.within("output less input, magnetization carrier", state, tokens, bench.allow(1e-15, 1e-6) * inputs.R_head);
  // With K = 1 and a learned start, the causal step of D2 is the layer itself.
  const { W_v: value } = inputs;
  const learned = {
    kind: "spin-transformer-2026",
    tokens: inputs.X,
    heads,
    queryKey,
    beta,
    mask: "causal",
    start: "learned",
    value,
  };
  const step = await lastLayer(bench, learned);
  bench.within("one causal step of a layer", step.state, expected.step1_2026_causal, tolerance(bench));
  const settled = await lastLayer(bench, { ...learned, steps: "steady" });
  bench.within("causal fixed point of a layer", settled.state, expected.fixed_point_2026_causal, tolerance(bench));
  const rotated = await lastLayer(bench, { ...learned, rope: true });
  bench.between("what rotary positions change", largestError(rotated.state, step.state), 1e-3, 1);
}

async function layer2023(bench: OracleBench): Promise<void> {
  const { inputs, expected } = readModules();
  for (const [mask, key] of [
    ["none", "module_2023_published"],
    ["causal", "module_2023_causal_published"],
  ] as const) {
    const { X: tokens, heads, W_qk: queryKey, beta } = inputs;
    const { state, status } = await lastLayer(bench, {
      kind: "spin-transformer-2023",
      tokens,
      heads,
      queryKey,
      beta,
      mask,
    });
    bench.holds(`layer converges, mask ${mask}`, status === "converged");
    bench.within(`layer, mask ${mask}`, state, expected[key], tolerance(bench));
  }
}

export const spinTransformerOracles: readonly Oracle[] = [
  { id: "D1a", title: "couplings and steady state of the 2023 module", reference: "9.1; bal/08", run: module2023 },
  { id: "D1b", title: "a layer of the 2023 module", reference: "9.1; bal/08", run: layer2023 },
  { id: "D2", title: "couplings and steps of the 2026 module", reference: "9.2; bal/08", run: module2026 },
  { id: "D3", title: "layers of the 2026 module", reference: "9.2; bal/08", run: identityLayer },
];
