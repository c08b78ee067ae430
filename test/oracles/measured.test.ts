/** Observables that take extra work, against exact numbers and against their definitions formed in float64. */
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/physics/input-error.js";
import { siteMismatch } from "../../src/reference/site-mismatch.js";
import { siteEnergies } from "../../src/reference/site-energies.js";
import { readCase } from "../cases.js";
import { precisions, run } from "./engines.js";

type Matrix = number[][];

interface Contraction {
  inputs: { beta: number; x: Matrix; J: Matrix };
  expected: { bound_largeD: number; bound_exact: number; local_spectral_radius: number; residuals: number[] };
}
interface Proxies {
  inputs: { beta: number; R: number; x: Matrix; J: Matrix };
  expected: {
    m_star: Matrix;
    h_star: Matrix;
    sigma_hk_largeD: number;
    sigma_hk_exact: number;
    mismatch_largeD: number[];
    mismatch_exact: number[];
  };
}
interface Spectrum {
  data: {
    explicit: { scores: Matrix; A: Matrix; abs_eigenvalues: number[]; singular_values: number[] };
  };
}
interface SmallSystem {
  data: {
    small_N_exact: {
      J: Matrix;
      rows: { beta: number; h: number; free_energy: number; energy: number; m: number[] }[];
    };
  };
}
const contraction = readCase<Contraction>("bal/09_contraction");
const proxies = readCase<Proxies>("bal/12_nonequilibrium_proxies");
const { explicit } = readCase<Spectrum>("kinetic/softmax-spectrum").data;
const steady = { closure: "naive", run: { steady: {} } } as const;
const sphere = (dimension: number, response = "large-d") => ({ kind: "sphere", dimension, response });
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe.each(precisions)("extra work, %s", (precision) => {
  const exact = precision === "f64";

  it("bounds and measures how fast plain steps contract (D4)", async () => {
    const { inputs, expected } = contraction;
    for (const response of ["large-d", "exact"]) {
      const system = {
        spins: sphere(32, response),
        beta: inputs.beta,
        couplings: { kind: "dense", matrix: inputs.J },
        field: inputs.x,
        initial: { kind: "zero" },
      };
      const observe = ["contraction-bound", "spectral-radius", "convergence-rate", "relaxation-time"] as const;
      const { observables } = await run(precision, system, { ...steady, observe });
      const bound = response === "exact" ? expected.bound_exact : expected.bound_largeD;
      expect(Math.abs(observables["contraction-bound"]! - bound)).toBeLessThan(exact ? 1e-12 : 1e-6);
      if (response === "exact") continue;
      expect(Math.abs(observables["spectral-radius"]! - expected.local_spectral_radius)).toBeLessThan(1e-3);
      // From zero the perturbation stays in the span of the fields, where the map contracts a little faster.
      const settled = expected.residuals.filter((value) => value > (exact ? 1e-10 : 1e-4)).slice(-4);
      const ratio = (settled[3] / settled[0]) ** (1 / 3);
      expect(Math.abs(observables["convergence-rate"]! - ratio)).toBeLessThan(exact ? 2e-3 : 2e-2);
      expect(observables["relaxation-time"]).toBeCloseTo(-1 / Math.log(observables["convergence-rate"]!), 10);
      expect(observables["spectral-radius"]).toBeLessThan(observables["contraction-bound"]!);
    }
  });

  it("does not dissipate with symmetric J, and dissipates N K² β² on a one-way ring of binary spins", async () => {
    const sites = 9;
    const ring = (K: number, back: number) =>
      Array.from({ length: sites }, (_, i) =>
        Array.from({ length: sites }, (_, j) => (j === (i + sites - 1) % sites ? K : j === (i + 1) % sites ? back : 0)),
      );
    for (const [back, factor] of [
      [0, 1],
      [0.2, (0.3 / 0.5) ** 2],
      [0.5, 0],
    ]) {
      const system = {
        spins: { kind: "binary", count: sites },
        beta: 1.5,
        couplings: { kind: "dense", matrix: ring(0.5, back) },
      };
      const { observables } = await run(precision, system, {
        closure: "tap",
        run: { steps: 1 },
        observe: ["housekeeping"],
      });
      const wanted = factor * sites * (1.5 * 0.5) ** 2;
      expect(Math.abs(observables.housekeeping! - wanted)).toBeLessThan(exact ? 1e-12 : 1e-5);
    }
  });

  it("finds the second eigenvalue of a row-stochastic matrix, and its participation (A8)", async () => {
    const { A, scores, abs_eigenvalues, singular_values } = explicit;
    const spins = { kind: "binary" };
    const options = { closure: "naive", run: { steps: 0 }, observe: ["second-eigenvalue"] } as const;
    const dense = { spins, couplings: { kind: "dense", matrix: A } };
    const [lambda] = abs_eigenvalues.slice(1);
    const { observables } = await run(precision, dense, options);
    expect(Math.abs(observables["second-eigenvalue"]! - lambda)).toBeLessThan(1e-6);
    const identity = A.map((_, i) => A.map((_, j) => Number(i === j)));
    const attention = { kind: "attention", queries: scores, keys: identity };
    const observe = ["second-eigenvalue", "participation", "logit-gap"] as const;
    const rows = await run(precision, { spins, couplings: attention }, { ...options, observe });
    expect(Math.abs(rows.observables["second-eigenvalue"]! - lambda)).toBeLessThan(1e-6);
    const squares = sumOf(singular_values.map((value) => value ** 2));
    expect(Math.abs(5 * rows.observables.participation! - squares)).toBeLessThan(exact ? 1e-12 : 1e-6);
    const gaps = scores.map((row) => [...row].sort((a, b) => b - a)).map(([first, second]) => first - second);
    expect(rows.observables["logit-gap"]).toBeCloseTo(sumOf(gaps) / 5, exact ? 12 : 6);
    // A binary spin without a field: the tangent map is β J, whose Perron eigenvalue is 1.
    const perron = await run(
      precision,
      { spins, beta: 0.75, couplings: attention },
      { ...steady, observe: ["spectral-radius", "contraction-bound"] },
    );
    expect(Math.abs(perron.observables["spectral-radius"]! - 0.75)).toBeLessThan(1e-6);
    expect(perron.observables["contraction-bound"]).toBeCloseTo(0.75, 7);
  });

  it("has the energy and the TAP free energy of a small SK instance to the order of the expansion", async () => {
    const { J, rows } = readCase<SmallSystem>("kinetic/sk-rs-and-amp").data.small_N_exact;
    const at = rows.filter(({ beta }) => beta <= 0.5);
    expect(at.length).toBeGreaterThan(1);
    for (const { beta, h, free_energy } of at) {
      const system = {
        spins: { kind: "binary" },
        beta,
        couplings: { kind: "dense", matrix: J },
        field: { kind: "constant", value: h },
      };
      const observe = ["energy", "free-energy"] as const;
      const { state, observables } = await run(precision, system, { closure: "tap", run: { steady: {} }, observe });
      // What the second order leaves out is of order β³ here: 0.03 β³ a site; the reaction term itself is β/4.
      expect(Math.abs(observables["free-energy"]! - free_energy), `β ${beta} h ${h}`).toBeLessThan(0.05 * beta ** 3);
      const local = J.map((row) => sumOf(row.map((value, j) => value * state[j])));
      const energy = -sumOf(local.map((value, i) => state[i] * (h + value / 2))) / J.length;
      expect(Math.abs(observables.energy! - energy)).toBeLessThan(exact ? 1e-13 : 1e-6);
    }
  });

  it("averages the log-partition of sites over the returned state", async () => {
    const field = [
      [1.2, 0, 0, -0.4],
      [0.1, 0.2, 0, 0],
      [0, 0, 0, 0],
      [8, 0, 3, 0],
    ];
    for (const response of ["large-d", "exact"]) {
      const system = { spins: sphere(4, response), beta: 1.7, couplings: { kind: "dense", matrix: zeros(4) }, field };
      const { observables } = await run(precision, system, {
        closure: "naive",
        run: { steps: 1 },
        observe: ["log-partition"],
      });
      const wanted = sumOf(field.map((h) => logPartition(Math.hypot(...h), 1.7, 1, 4, response))) / 4;
      expect(Math.abs(observables["log-partition"]! - wanted), response).toBeLessThan(exact ? 1e-9 : 2e-6);
    }
  });

  it.each([
    ["spectral-radius", { closure: "tap" }, /the closure tap/],
    ["lyapunov", {}, /a steady state/],
    ["lyapunov", { run: { steps: 50 } }, /50 steps/],
    ["energy", {}, /not symmetric/],
    ["effective-rank", {}, /binary spins/],
    ["logit-gap", {}, /attention/],
    ["second-eigenvalue", {}, /row sum/],
    ["housekeeping", { couplings: { kind: "gaussian" }, strategy: "procedural" }, /procedural with an observable/],
  ] as const)("refuses %s with %j in one line", async (name, change, message) => {
    const {
      couplings = {
        kind: "dense",
        matrix: [
          [0, 1],
          [0.5, 0],
        ],
      },
      ...options
    } = { ...change } as {
      couplings?: object;
    };
    const system = { spins: { kind: "binary", count: 2 }, couplings };
    const refused = run(precision, system, { ...steady, ...options, observe: [name] });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });
});

describe("single sites in float64", () => {
  it("have the mismatch of all three closed forms (D5)", () => {
    const { inputs, expected } = proxies;
    const dimension = 8;
    const state = expected.m_star;
    const field = (scale: number) =>
      Float64Array.from(
        inputs.J.flatMap((row) =>
          Array.from({ length: dimension }, (_, k) => sumOf(row.map((value, j) => scale * value * state[j][k]))),
        ),
      );
    for (const RESPONSE of [0, 1]) {
      const mismatch = new Float64Array(4);
      const arrays = { externalField: Float64Array.from(inputs.x.flat()), field: field(0.5), targetField: field(1) };
      siteMismatch(
        { ...arrays, betas: new Float64Array(4).fill(inputs.beta), mismatch },
        { systems: 1, sites: 4, components: dimension, componentStride: dimension, radius: inputs.R },
        { BINARY: false, RESPONSE },
      );
      const wanted = RESPONSE === 1 ? expected.mismatch_exact : expected.mismatch_largeD;
      mismatch.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(1e-11));
    }
    const [beta, a, b] = [1.3, 0.7, -1.1];
    const mismatch = new Float64Array(4);
    siteMismatch(
      {
        externalField: new Float64Array(4),
        field: Float64Array.of(a, 0, 0, 0),
        targetField: Float64Array.of(b, 0, 0, 0),
        betas: Float64Array.of(beta),
        mismatch,
      },
      { systems: 1, sites: 1, components: 1, componentStride: 1, radius: 1 },
      { BINARY: true, RESPONSE: 0 },
    );
    const p = (h: number, s: number) => Math.exp(beta * h * s) / (2 * Math.cosh(beta * h));
    const wanted = sumOf([-1, 1].map((s) => p(a, s) * Math.log(p(a, s) / p(b, s))));
    expect(mismatch[0]).toBeCloseTo(wanted, 12);
  });

  it("have a log-partition whose slope is β times the mean", () => {
    for (const { BINARY, RESPONSE, D } of [
      { BINARY: true, RESPONSE: 0, D: 1 },
      { BINARY: false, RESPONSE: 0, D: 6 },
      { BINARY: false, RESPONSE: 1, D: 6 },
    ]) {
      const radius = BINARY ? 1 : Math.sqrt(2);
      const at = (h: number) => logPartition(h, 1.4, radius, D, RESPONSE === 1 ? "exact" : "large-d", BINARY);
      for (const h of [1e-3, 0.4, 2, 9]) {
        const energies = new Float64Array(20);
        const vector = (value: number) => Float64Array.of(value, ...new Array<number>(31).fill(0));
        siteEnergies(
          {
            externalField: vector(h),
            field: vector(0),
            state: vector(0.5),
            moments: vector(0.25),
            betas: Float64Array.of(1.4),
            energies,
          },
          { systems: 1, sites: 1, components: D, componentStride: BINARY ? 1 : 8, radius },
          { BINARY, RESPONSE },
        );
        expect(Math.abs(energies[2] - at(h))).toBeLessThan(1e-9);
        expect(energies[0]).toBe(h / 2);
        if (BINARY) expect(energies[4]).toBe(0.75 * 0.25);
      }
    }
  });
});

function zeros(sites: number): Matrix {
  return Array.from({ length: sites }, () => new Array<number>(sites).fill(0));
}

/** Simpson's rule on the mean: β ∫_0^h f. */
function logPartition(h: number, beta: number, radius: number, D: number, response: string, binary = false): number {
  const steps = 4000;
  const f = (field: number) => (binary ? Math.tanh(beta * field) : meanNorm(field, beta, radius, D, response));
  let sum = f(0) + f(h);
  for (let k = 1; k < steps; k++) sum += (k % 2 === 1 ? 4 : 2) * f((h * k) / steps);
  return (beta * h * sum) / (3 * steps);
}

/** |F|; the exact one by the integral over the angle, cos θ weighted with exp(κ cos θ) sin^{D-2} θ. */
function meanNorm(h: number, beta: number, radius: number, D: number, response: string): number {
  if (response === "large-d") return (beta * h) / (1 + Math.sqrt(1 + (beta * h) ** 2 / radius ** 2));
  const kappa = beta * radius * h;
  let [above, below] = [0, 0];
  const points = 400;
  for (let k = 0; k < points; k++) {
    const angle = (Math.PI * (k + 0.5)) / points;
    const weight = Math.exp(kappa * (Math.cos(angle) - 1)) * Math.sin(angle) ** (D - 2);
    above += weight * Math.cos(angle);
    below += weight;
  }
  return (radius * above) / below;
}
