/** Errors of closures: those of few spins by hand from enumeration, those of spheres from chains, and the estimator itself. */
import { describe, expect, test } from "vitest";
import { isTooLarge } from "../../src/cli/exit-codes.js";
import { CHAIN_DEFAULTS } from "../../src/engine/monte-carlo.js";
import { type ClosureName, closureNames } from "../../src/physics/closures.js";
import { ExactChain } from "../../src/reference/exact-chain.js";
import { gaussianMatrix } from "../../src/reference/random.js";
import { ExactMeans } from "../../src/physics/closure-errors.js";
import { applicableClosures, compareClosures, type ComparisonOutcome } from "../../src/sweep/compare/compare.js";
import { comparisonFigure } from "../../src/sweep/compare/figure.js";
import { engine, type Precision, realised, run } from "../oracles/engines.js";

const J = Array.from({ length: 8 }, (_, i) =>
  Array.from({ length: 8 }, (_, j) => (i === j ? 0 : Math.sin(3 * i + 5 * j) / 4)),
);
const x = [0.3, -0.2, 0.5, 0.1, -0.4, 0.2, 0.6, -0.1];
const few = { spins: { kind: "binary" }, couplings: { kind: "dense", matrix: J }, field: x, beta: 1 };

const spheres = (response: string, count: number, dimension: number) => ({
  spins: { kind: "sphere", count, dimension, response },
  couplings: { kind: "gaussian", std: 1 },
  field: { kind: "direction", norm: 1 },
  beta: 2,
  seed: 1,
});

interface Settings {
  readonly closures: readonly ClosureName[];
  readonly steps?: number;
  readonly chains?: Partial<Parameters<typeof compareClosures>[2]["chains"]>;
}

async function compared(precision: Precision, input: object, { closures, steps, chains }: Settings) {
  const system = { ...(await realised(input)), seed: 5, sample: 0 };
  const plan = { closures, steps, chains: { ...CHAIN_DEFAULTS, steps: 100, ...chains } };
  const context = { strategy: "auto", isTooLarge, begin: () => () => undefined } as const;
  return compareClosures(await engine(precision), system, plan, context);
}

const errorsOf = ({ rows }: ComparisonOutcome) => Object.fromEntries(rows.map((row) => [row.closure, row.error]));

describe("eight binary spins, enumerated", () => {
  const chain = new ExactChain(8, Float64Array.from(J.flat()), Float64Array.from(x), 1);
  const byHand = (state: Float64Array, exact: Float64Array) => {
    const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
    return Math.sqrt(square(state.map((value, i) => value - exact[i])) / square(exact));
  };

  test("steady states: errors are those of the stationary law, naive's larger than TAP's", async () => {
    const outcome = await compared("f64", few, { closures: ["naive", "tap"] });
    const errors = errorsOf(outcome);
    for (const closure of ["naive", "tap"] as const) {
      const { state } = await run("f64", few, { closure, run: { steady: {} } });
      expect(errors[closure]).toBeCloseTo(byHand(state, chain.stationary().means), 10);
    }
    expect(errors.naive).toBeGreaterThan(2 * errors.tap);
    expect(outcome.rows.map(({ closure }) => closure)).toEqual(["tap", "naive"]);
    expect(outcome.exact).toMatchObject({ method: "enumeration", status: "completed", measure: "relative", noise: 0 });
    for (const row of outcome.rows) {
      expect(row).toMatchObject({ converged: true, errorStandardError: 0, belowNoise: false });
      expect(row.secondsPerStep).toBeGreaterThan(0);
      expect(row.stepsTaken).toBe(row.iterations);
    }
  });

  test("K steps: errors are those of the law that evolves from m(0); the GPU finds them too", async () => {
    let law = chain.productLaw(x.map(Math.tanh));
    for (let step = 0; step < 3; step++) law = chain.evolve(law);
    for (const precision of ["f64", "f32"] as const) {
      const outcome = await compared(precision, few, { closures: ["naive", "tap"], steps: 3 });
      const errors = errorsOf(outcome);
      for (const closure of ["naive", "tap"] as const) {
        const { state } = await run("f64", few, { closure, run: { steps: 3 } });
        expect(errors[closure]).toBeCloseTo(byHand(state, chain.means(law)), precision === "f64" ? 12 : 5);
      }
      expect(outcome.exact.stepsTaken).toBe(3);
    }
  });

  test("without a field the means vanish, and errors are absolute", async () => {
    const spins = { kind: "binary", count: 8 };
    const magnet = { spins, couplings: { kind: "curie-weiss" }, beta: 1.5, initial: { kind: "constant", value: 0.5 } };
    const { exact, rows } = await compared("f64", magnet, { closures: ["naive"] });
    expect(exact.measure).toBe("absolute");
    // Curie–Weiss at β = 1.5 orders, which eight spins do not: the error is m, and that of the overlap m².
    const [{ error, signedOverlapError }] = rows;
    expect(error).toBeCloseTo(Math.tanh(1.5 * error), 8);
    expect(signedOverlapError).toBeCloseTo(error * error, 10);
  });
});

describe("spheres, sampled", () => {
  test("gaussian-field is closer than naive; a closure that refuses is a row", async () => {
    const chains = { chains: 8, burnIn: 20, steps: 100 };
    const closures = ["naive", "gaussian-field", "tap-published"] as const;
    const outcome = await compared("f32", spheres("exact", 24, 8), { closures, chains });
    const [gaussian, naive] = outcome.rows;
    expect([gaussian.closure, naive.closure]).toEqual(["gaussian-field", "naive"]);
    expect(gaussian.error + gaussian.errorStandardError).toBeLessThan(naive.error / 2);
    expect(outcome.exact).toMatchObject({ method: "monte-carlo", status: "completed", stepsTaken: 120 });
    expect(outcome.exact.secondsPerEffectiveSample).toBeGreaterThan(0);
    expect(outcome.rows.at(-1)).toMatchObject({ closure: "tap-published", status: "refused" });
    const figure = comparisonFigure(outcome);
    expect(figure?.panels[0].series.map(({ name }) => name?.replace(" (within noise)", ""))).toEqual([
      ...["sampling noise (removed)", "gaussian-field", "naive", "monte-carlo"],
    ]);
  });

  test("N = 128, D = 16, asymmetric Gaussian couplings at β = 2", async () => {
    const chains = { chains: 16, burnIn: 30, steps: 40 };
    const exact = errorsOf(
      await compared("f32", spheres("exact", 128, 16), { closures: ["naive", "gaussian-field"], chains }),
    );
    expect(exact.naive).toBeGreaterThan(0.1);
    expect(exact.naive).toBeLessThan(0.2);
    expect(exact["gaussian-field"]).toBeLessThan(0.015);
    const published = errorsOf(
      await compared("f32", spheres("large-d", 128, 16), { closures: ["tap-published"], chains }),
    );
    expect(published["tap-published"]).toBeGreaterThan(0.35);
    expect(published["tap-published"]).toBeLessThan(0.55);
  });
});

test("every closure that the spins have is compared by default", () => {
  const binary = closureNames.filter((name) => name !== "tap-published");
  expect(applicableClosures({ kind: "binary", components: 1, radius: 1 })).toEqual(binary);
  const sphere = { kind: "sphere", components: 8, radius: 1, response: "large-d" } as const;
  const vectors = ["naive", "tap", "onsager", "tap-published", "gaussian-field"];
  expect(applicableClosures(sphere)).toEqual(closureNames.filter((name) => vectors.includes(name)));
});

describe("the estimator", () => {
  const [components, chains, repeats] = [30, 12, 400];
  const truth = Float64Array.from({ length: components }, (_, k) => Math.cos(k));
  const sampled = (sample: number) => {
    const noise = gaussianMatrix(chains, components, { seed: 7, stream: 0, sample }, 0.5);
    return Array.from({ length: chains }, (_, a) => truth.map((value, k) => value + noise[a * components + k]));
  };
  const shifted = truth.map((value, k) => value + (k % 2 === 0 ? 0.2 : -0.2));
  const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  const expected = 0.2 * Math.sqrt(components / square(truth));

  test("removes the noise, and its error bars hold the true error in two of three", () => {
    const results = Array.from({ length: repeats }, (_, k) => new ExactMeans(sampled(k), components).errorOf(shifted));
    const mean = results.reduce((sum, { error }) => sum + error / repeats, 0);
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.02);
    const held = results.filter((each) => Math.abs(each.error - expected) <= each.errorStandardError).length;
    expect(held / repeats).toBeGreaterThan(0.6);
    expect(held / repeats).toBeLessThan(0.76);
    const { noise } = new ExactMeans(sampled(0), components);
    expect(noise).toBeCloseTo(Math.sqrt((0.25 * components) / chains / square(truth)), 1);
  });

  test("an error within the noise is 0, and says so", () => {
    const results = Array.from({ length: repeats }, (_, k) => new ExactMeans(sampled(k), components).errorOf(truth));
    const hidden = results.filter(({ belowNoise }) => belowNoise);
    expect(hidden.length / repeats).toBeGreaterThan(0.7);
    for (const { error, errorStandardError } of hidden) {
      expect(error).toBe(0);
      expect(errorStandardError).toBeGreaterThan(0);
    }
  });

  test("a state that is not finite has no error", () => {
    const means = new ExactMeans(sampled(0), components);
    expect(means.errorOf(truth.map(() => NaN))).toMatchObject({ error: NaN, belowNoise: false });
    expect(new ExactMeans([truth], components).errorOf(truth.map(() => NaN)).error).toBeNaN();
  });
});
