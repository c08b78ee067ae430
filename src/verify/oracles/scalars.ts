/** Single sites and single rows: the responses of uncoupled spins, and softmax rows that break careless code. */
import { mean, norms, type Oracle, type OracleBench } from "./bench.js";
import { readCase } from "./case-files.js";

interface BesselRatio {
  expected: { rows: { nu: number; x: number; ratio: number }[] };
}

interface Responses {
  expected: { rows: Record<"D" | "R" | "beta" | "h_norm" | "m_exact" | "m_largeD", number>[] };
}

interface NastyRows {
  data: { nasty_softmax_rows: { name: string; logits: (number | "-inf")[]; softmax: number[] | null }[] };
}

/** |F(h)| of uncoupled sites in fields of these norms, all along one axis. */
async function responses(
  bench: OracleBench,
  spins: object,
  dimension: number,
  beta: number,
  fields: readonly number[],
) {
  const field = fields.map((h) => Array.from({ length: dimension }, (_, k) => (k === 0 ? h : 0)));
  const matrix = fields.map(() => fields.map(() => 0));
  const system = { spins, beta, couplings: { kind: "dense", matrix }, field, initial: { kind: "zero" } };
  const { state } = await bench.run(system, { closure: "naive", run: { steps: 1 } });
  return norms(state, dimension);
}

async function besselRatios(bench: OracleBench): Promise<void> {
  const { rows } = readCase<BesselRatio>("bal/01_bessel_ratio").expected;
  for (const nu of new Set(rows.map((row) => row.nu))) {
    const own = rows.filter((row) => row.nu === nu);
    const dimension = 2 * nu + 2;
    const spins = { kind: "sphere", dimension, response: "exact", radius: 1 };
    // With R = β = 1 the mean is A_D(|h|), the ratio itself.
    const found = await responses(
      bench,
      spins,
      dimension,
      1,
      own.map(({ x }) => x),
    );
    const ratios = found.map((value, k) => value / own[k].ratio);
    bench.within(
      `A_D relative to the table, D ${dimension}`,
      ratios,
      ratios.map(() => 1),
      bench.allow(1e-12, 1e-6),
    );
  }
}

async function responseTable(bench: OracleBench): Promise<void> {
  const { rows } = readCase<Responses>("bal/02_phi_response").expected;
  for (const response of ["exact", "large-d"] as const) {
    for (const dimension of new Set(rows.map(({ D }) => D))) {
      const own = rows.filter(({ D }) => D === dimension);
      const ratios: number[] = [];
      for (const beta of new Set(own.map((row) => row.beta))) {
        const group = own.filter((row) => row.beta === beta);
        const spins = { kind: "sphere", dimension, response };
        const found = await responses(
          bench,
          spins,
          dimension,
          beta,
          group.map(({ h_norm }) => h_norm),
        );
        const key = response === "exact" ? "m_exact" : "m_largeD";
        ratios.push(...found.map((value, k) => value / group[k][key]));
      }
      const label = `mean relative to the table, D ${dimension}, ${response}`;
      bench.within(
        label,
        ratios,
        ratios.map(() => 1),
        bench.allow(1e-11, 1e-6),
      );
    }
  }
}

async function hyperbolicTangent(bench: OracleBench): Promise<void> {
  const fields = Array.from({ length: 200 }, (_, k) => 1e-8 * 2e9 ** (k / 199));
  const couplings = { kind: "curie-weiss", mean: 0 };
  const system = { spins: { kind: "binary" }, couplings, field: fields, initial: { kind: "zero" } };
  const { state } = await bench.run(system, { closure: "naive", run: { steps: 1 } });
  const ratios = fields.map((h, k) => state[k] / Math.tanh(h));
  bench.within(
    "tanh relative to float64 over [1e-8, 20]",
    ratios,
    ratios.map(() => 1),
    bench.allow(1e-14, 5e-7),
  );
}

async function softmaxRows(bench: OracleBench): Promise<void> {
  const rows = readCase<NastyRows>("kinetic/attention-exact-fixed-points").data.nasty_softmax_rows;
  for (const { name, logits, softmax } of rows) {
    const sites = logits.length;
    const available = logits.map((logit) => Number(logit !== "-inf"));
    const scores = logits.map((logit) => (logit === "-inf" ? 0 : logit));
    const identity = logits.map((_, i) => logits.map((__, j) => Number(i === j)));
    const mask = { shape: [sites, sites], values: Float64Array.from(logits.flatMap(() => available)) };
    const queries = logits.map(() => scores);
    const couplings = { kind: "attention", queries, keys: identity, mask: "mask.npy" };
    const system = { spins: { kind: "binary", count: sites }, couplings };
    // A row without keys is zero.
    const expected = softmax ?? logits.map(() => 0);
    const options = { closure: "naive", run: { steps: 1 } } as const;
    const stored = await bench.run(system, { ...options, couplings: true }, { "mask.npy": mask });
    const found = stored.couplings?.subarray(0, sites) ?? [];
    bench.within(`stored row, ${name}`, found, expected, bench.allow(1e-15, 2e-7));
    // Every site holds 1/2: the fused row gives their mean, or nothing.
    const halves = { ...system, initial: { kind: "constant", value: 0.5 } };
    const fused = await bench.run(halves, options, { "mask.npy": mask });
    const field = Math.atanh(mean([...fused.state]));
    bench.within(`fused row of means 1/2, ${name}`, field, softmax === null ? 0 : 0.5, bench.allow(1e-14, 1e-6));
  }
}

export const scalarOracles: readonly Oracle[] = [
  { id: "A1", title: "ratios of Bessel functions", reference: "2.2, 2.3; bal/01", run: besselRatios },
  { id: "A2", title: "single-site responses, exact and large-D", reference: "2.2, 2.4; bal/02", run: responseTable },
  { id: "A4", title: "tanh over nine decades", reference: "2.1", run: hyperbolicTangent },
  {
    id: "A5",
    title: "softmax rows with masks, shifts and gaps",
    reference: "3.2; attention-exact-fixed-points",
    run: softmaxRows,
  },
];
