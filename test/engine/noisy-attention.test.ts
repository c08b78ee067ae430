/** Noisy tokens: the order of their steps, what their noise depends on, and the way along couplings. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cluster, type ClusteringDynamics } from "../../src/engine/clustering.js";
import { openExecutor } from "../../src/engine/devices.js";
import type { Executor } from "../../src/engine/executor.js";
import { continueCouplings, realiseClouds } from "../../src/engine/token-clouds.js";
import { brownianMemory, brownianVariance } from "../../src/physics/brownian-step.js";
import { integrate } from "../../src/physics/theory/quadrature.js";
import { type NoisyDescription, parseClouds } from "../../src/physics/token-clouds.js";
import { STREAMS, unitDirections } from "../../src/reference/random.js";

/** Mean of the harmonic P_k(cos θ), θ² = τ χ², over one step; k = 1, 2. */
function shrinkage(dimension: number, degree: 1 | 2, variance: number): number {
  const degrees = dimension - 1;
  const harmonic = (t: number) => (degree === 1 ? t : (dimension * t * t - 1) / (dimension - 1));
  const density = (x: number) => x ** (degrees - 1) * Math.exp(-0.5 * x * x);
  const integral = (f: (x: number) => number) => integrate(f, [0, 1, 2, 3, 5, 8, 12], []);
  return integral((x) => density(x) * harmonic(Math.cos(Math.sqrt(variance) * x))) / integral(density);
}

describe("steps of Brownian motion on the sphere", () => {
  it.each([3, 4, 8])("are of weak order 2 in %i dimensions, and of order 1 without the curvature", (dimension) => {
    for (const degree of [1, 2] as const) {
      const exact = (time: number) => Math.exp((-degree * (degree + dimension - 2) * time) / 2);
      const slope = (variance: (time: number) => number) => {
        const error = (time: number) => Math.abs(shrinkage(dimension, degree, variance(time)) - exact(time));
        return Math.log2(error(0.02) / error(0.01));
      };
      // The error of one step is of one order more than that of a path.
      expect(slope((time) => brownianVariance(dimension, time))).toBeCloseTo(3, 0);
      expect(slope((time) => time)).toBeCloseTo(2, 0);
    }
  });

  it("are exact on the circle at any length", () => {
    for (const time of [0.1, 1, 5]) {
      expect(shrinkage(2, 1, brownianVariance(2, time))).toBeCloseTo(brownianMemory(2, time), 12);
    }
  });
});

describe("noisy tokens", () => {
  let gpu: Executor;
  let cpu: Executor;
  beforeAll(async () => {
    gpu = await openExecutor();
    cpu = await openExecutor({ select: "cpu" });
  });
  afterAll(() => {
    gpu.dispose();
    cpu.dispose();
  });

  const cloud = (replica: number) => ({
    beta: 3,
    replica,
    initial: unitDirections(13, 3, { seed: 2, stream: STREAMS.initial, sample: replica }),
  });
  const noisy = (firstStep = 0): ClusteringDynamics => {
    return { kind: "noisy", timeStep: 0.05, rate: 0.5, unnormalised: true, seed: 7, firstStep };
  };

  it("take the steps of float64", async () => {
    const options = { dimension: 3, dynamics: noisy(), steps: 3 };
    const [[found], [exact]] = await Promise.all([gpu, cpu].map((each) => cluster(each, [cloud(0)], options)));
    const error = exact.state.reduce((worst, value, k) => Math.max(worst, Math.abs(value - found.state[k])), 0);
    expect(error).toBeLessThan(gpu.device.kind === "cpu" ? 1e-15 : 5e-6);
  });

  it("do not depend on the batch, nor on where a run is cut", async () => {
    const options = { dimension: 3, dynamics: noisy(), steps: 4 };
    const [, , together] = await cluster(gpu, [cloud(0), cloud(1), cloud(2)], options);
    const [alone] = await cluster(gpu, [cloud(2)], options);
    expect(alone.state).toEqual(together.state);
    const [half] = await cluster(gpu, [cloud(2)], { ...options, steps: 2 });
    const rest = { ...options, steps: 2, dynamics: noisy(2) };
    const [whole] = await cluster(gpu, [{ ...cloud(2), initial: half.state }], rest);
    expect(whole.state).toEqual(alone.state);
    const [other] = await cluster(gpu, [{ ...cloud(2), replica: 3 }], options);
    expect(other.state).not.toEqual(alone.state);
  });

  it("attend through a strategy as they do directly", async () => {
    const options = { dimension: 3, dynamics: noisy(), steps: 2 };
    const [direct] = await cluster(cpu, [cloud(0)], options);
    const [stored] = await cluster(cpu, [cloud(0)], { ...options, strategy: "stored" });
    stored.state.forEach((value, k) => expect(value).toBeCloseTo(direct.state[k], 13));
  });

  it("are led up and down along couplings", async () => {
    const input = {
      kind: "noisy",
      tokens: { kind: "direction" },
      count: 16,
      dimension: 2,
      beta: 1,
      couplings: { from: 0, to: 4, count: 3 },
      steps: 20,
      replicas: 3,
    };
    const description = parseClouds(input, "tokens") as NoisyDescription;
    const tokens = await realiseClouds(description, () => Promise.reject(new Error()), "tokens");
    const points = await continueCouplings(cpu, { ...tokens, description });
    expect(points.map(({ coupling }) => coupling)).toEqual([0, 2, 4, 4, 2, 0]);
    expect(points.map(({ direction }) => direction)).toEqual(["up", "up", "up", "down", "down", "down"]);
    expect(points[3].order.mean).toBeGreaterThan(0.8);
    expect(points[3].order.count).toBe(3);
  });
});
