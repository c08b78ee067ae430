/** Two sites, one step: every closure against numbers and against the exact mean (oracles F4, F5, and E for spheres). */
import { describe, expect, it } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import { readCase } from "../cases.js";
import { logSlope, precisions, type Precision, run } from "./engines.js";
import { exactMean, meanCosine, type TwoSites } from "./two-site-exact.js";

type Response = "large-d" | "exact";

interface Row {
  D: number;
  beta: number;
  J: number;
  x1: number;
  h2: number;
  m2: number;
  exact: number;
  naive_exact_phi: number;
  naive_largeD: number;
  tap_published: number;
  tap_strict: number;
  tap_leading: number;
  gaussian_field: number;
  gaussian_field_exactphi: number;
}

const { rows } = readCase<{ expected: { rows: Row[] } }>("bal/13_two_site_exact_step").expected;

const columns = [
  ["naive", "exact", "naive_exact_phi"],
  ["naive", "large-d", "naive_largeD"],
  ["tap", "large-d", "tap_strict"],
  ["tap-published", "large-d", "tap_published"],
  ["onsager", "large-d", "tap_leading"],
  ["gaussian-field", "large-d", "gaussian_field"],
  ["gaussian-field", "exact", "gaussian_field_exactphi"],
] as const;

/** The mean of site 1 after one step, along e1; its previous mean is 0, that of site 2 is `previous`. */
async function stepOf(
  precision: Precision,
  closure: ClosureName,
  response: Response,
  { dimension, beta, coupling, x, h2 }: Omit<TwoSites, "radius">,
  previous: number,
): Promise<number> {
  const along = (value: number) => Array.from({ length: dimension }, (_, k) => (k === 0 ? value : 0));
  const matrix = [
    [0, coupling],
    [0, 0],
  ];
  const system = {
    spins: { kind: "sphere", dimension, response },
    beta,
    couplings: { kind: "dense", matrix },
    field: [along(x), along(h2)],
    initial: [along(0), along(previous)],
  };
  const { state, innerResidual } = await run(precision, system, { closure, run: { steps: 1 } });
  expect(innerResidual).toBeLessThan(precision === "f64" ? 1e-12 : 2e-6);
  expect(Math.max(...state.subarray(1, dimension).map(Math.abs))).toBe(0);
  return state[0];
}

const caseOf = ({ D, beta, J, x1, h2 }: Row) => ({ dimension: D, beta, coupling: J, x: x1, h2 });
const named = (name: string, f64: number, f32: number) => ({ name, f64, f32 });

describe.each(precisions)("two sites, %s", (precision) => {
  it.each(columns)("%s with the %s response", async (closure, response, key) => {
    // The published second order has a hundred inner iterations.
    const some =
      closure === "tap-published" && precision === "f32" ? rows.filter(({ D }) => D === 8 || D === 256) : rows;
    for (const row of some) {
      const found = await stepOf(precision, closure, response, caseOf(row), row.m2);
      // f32: a step is allowed 1e-6 R, and 2e-6 R where an inner equation is iterated.
      const radius = Math.sqrt(row.D / 2 - 1);
      const tolerance = precision === "f64" ? 1e-9 * row[key] : (closure.startsWith("tap") ? 2e-6 : 1e-6) * radius;
      const error = Math.abs(found - row[key]);
      expect(error, `D ${row.D} beta ${row.beta} J ${row.J}`).toBeLessThan(tolerance);
    }
  });

  it.each([named("tap", 0.6805803607, 1.1290196191), named("onsager", 0.6801126942, 1.1284721442)])(
    "$name with the exact response",
    async ({ name, f64: weak, f32: strong }) => {
      const closure = name as ClosureName;
      for (const [expected, beta, coupling] of [
        [weak, 1, 0.5],
        [strong, 2, 1],
      ]) {
        const row = rows.find((other) => other.D === 8 && other.beta === beta && other.J === coupling)!;
        const found = await stepOf(precision, closure, "exact", caseOf(row), row.m2);
        expect(Math.abs(found / expected - 1)).toBeLessThan(precision === "f64" ? 1e-9 : 1e-6);
      }
    },
  );
});

describe("two sites against the exact mean, f64", () => {
  const site = (dimension: number, coupling: number): TwoSites => {
    const radius = Math.sqrt(dimension / 2 - 1);
    return { dimension, radius, beta: 1, coupling, x: radius, h2: 1.5 * radius };
  };

  it("has the exact mean of the case file", () => {
    for (const row of rows) {
      const found = exactMean({ ...caseOf(row), radius: Math.sqrt(row.D / 2 - 1) });
      expect(Math.abs(found / row.exact - 1), `D ${row.D}`).toBeLessThan(1e-9);
    }
  });

  const errorOf = async (closure: ClosureName, sites: TwoSites) => {
    const previous = sites.radius * meanCosine(sites.beta * sites.radius * sites.h2, sites.dimension);
    const exact = exactMean(sites);
    return (await stepOf("f64", closure, "exact", sites, previous)) / exact - 1;
  };

  const strengths = [0.4, 0.2, 0.1, 0.05];
  it.each([
    ["naive", 3, 2.02, 0.15],
    ["tap", 3, 3.0, 0.25],
    ["gaussian-field", 3, 1.99, 0.15],
    ["naive", 64, 1.98, 0.15],
    ["tap", 64, 3.97, 0.25],
    ["gaussian-field", 64, 1.9, 0.15],
  ] as const)("%s in %i dimensions is of the order %d", async (closure, dimension, slope, width) => {
    const errors: number[] = [];
    for (const coupling of strengths) errors.push(Math.abs(await errorOf(closure, site(dimension, coupling))));
    const found = logSlope(strengths, errors);
    expect(Math.abs(found - slope)).toBeLessThan(width);
  });

  it.each([3, 64])("onsager in %i dimensions is of second order once J is small", async (dimension) => {
    // Its second-order error has a prefactor of 1/D, so the third order hides it at the strengths above.
    const small = [0.02, 0.01, 0.005];
    const errors: number[] = [];
    for (const coupling of small) errors.push(Math.abs(await errorOf("onsager", site(dimension, coupling))));
    expect(Math.abs(logSlope(small, errors) - 2)).toBeLessThan(0.15);
  });

  it.each([
    [3, 0.36],
    [64, 0.007],
  ])("gaussian-field in %i dimensions is wrong by %d of naive", async (dimension, ratio) => {
    for (const coupling of strengths) {
      const field = await errorOf("gaussian-field", site(dimension, coupling));
      const found = Math.abs(field / (await errorOf("naive", site(dimension, coupling))));
      expect(found / ratio).toBeGreaterThan(0.5);
      expect(found / ratio).toBeLessThan(1.5);
    }
  });

  it("onsager takes β R²/D with the exact response, not β/2", async () => {
    expect(await errorOf("onsager", site(3, 0.5))).toBeCloseTo(-3.4e-4, 5);
    expect(await errorOf("naive", site(3, 0.5))).toBeCloseTo(5.8e-3, 4);
  });
});
