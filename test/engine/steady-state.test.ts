/** Steady states: what is reported is true of the state returned, and it is the state that the dynamics settles on. */
import { describe, expect, it } from "vitest";
import type { ClosureName } from "../../src/physics/closures.js";
import { norms, precisions, run } from "../oracles/engines.js";

const random = { kind: "gaussian" };
const steady = (options: object = {}) => ({ run: { steady: options } });
const plain = (steps: number) => ({ run: { steps } });

const ferromagnet = (beta: number, start: number, mean = 1) => ({
  spins: { kind: "binary", count: 16 },
  beta,
  couplings: { kind: "curie-weiss", mean },
  initial: { kind: "constant", value: start },
});

const attention = (sites: number, beta: number, initial: object, couplings: object = {}) => ({
  spins: { kind: "sphere", dimension: 8, count: sites },
  beta,
  couplings: { kind: "attention", queries: random, keys: random, dimension: 8, ...couplings },
  initial,
  seed: 3,
});

/** Random directions |x_i| = R in independent couplings. */
const glass = (dimension: number, beta: number, response = "large-d", std = 1) => ({
  spins: { kind: "sphere", dimension, count: 48, response },
  beta,
  couplings: { kind: "gaussian", std },
  field: { kind: "direction" },
  seed: 6,
});

const orderedNorm = (beta: number) => Math.sqrt(3 * (1 - 2 / beta));

describe.each(precisions)("steady states, %s", (precision) => {
  const accept = precision === "f64" ? 1e-12 : 1e-5;

  const explicit = [
    ["naive", "exact"],
    ["onsager", "exact"],
    ["gaussian-field", "large-d"],
  ] as const;
  // The second order takes thousands of dispatches; B6 and B7 hold its steady states in f32.
  const closures = precision === "f64" ? ([...explicit, ["tap", "large-d"]] as const) : explicit;
  it.each(closures)("%s, %s response: the residual is that of the state returned", async (closure, response) => {
    const system = glass(8, 1.5, response);
    const found = await run(precision, system, { closure, ...steady() });
    expect(found.status).toBe("converged");
    expect(found.residual).toBeLessThanOrEqual(accept);
    const rows = Array.from({ length: 48 }, (_, i) => [...found.state.subarray(8 * i, 8 * (i + 1))]);
    const next = await run(precision, { ...system, initial: rows }, { closure, ...plain(1) });
    const change = norms(
      next.state.map((value, k) => value - found.state[k]),
      8,
    ).map((norm) => norm / Math.sqrt(3));
    expect(Math.abs(Math.max(...change) - found.residual)).toBeLessThan(precision === "f64" ? 1e-15 : 1e-7);
  });

  it.each([
    ["naive", 1],
    ["naive", 0.5],
    ["onsager", 1],
    ["gaussian-field", 0.7],
  ] as const)("%s with damping %d is where plain steps end", async (closure, damping) => {
    const system = glass(8, 1.5);
    const found = await run(precision, system, { closure, ...steady({ damping }) });
    const walked = await run(precision, system, { closure, ...plain(200) });
    expect(found.status).toBe("converged");
    const error = Math.max(...found.state.map((value, k) => Math.abs(value - walked.state[k])));
    expect(error).toBeLessThan(precision === "f64" ? 1e-12 : 3e-6);
  });

  it("calls a period-two orbit a cycle, and damping ends it", async () => {
    const system = ferromagnet(2, 1, -1);
    const cycle = await run(precision, system, { closure: "naive", ...steady({ maxIterations: 120 }) });
    expect(cycle.status).toBe("cycle");
    // m -> -tanh 2m goes to and fro between ±0.9575.
    expect(Math.abs(cycle.state[0])).toBeCloseTo(0.9575040241, 5);
    expect(cycle.residual).toBeCloseTo(2 * 0.9575040241, 5);
    const damped = await run(precision, system, { closure: "naive", ...steady({ damping: 0.5 }) });
    expect(damped.status).toBe("converged");
    expect(Math.abs(damped.state[0])).toBeLessThan(1e-6);
  });

  it("says max-iter when iterations run out, never more than allowed", async () => {
    for (const maxIterations of [1, 3, 6]) {
      const options = { closure: "naive", ...steady({ maxIterations }) } as const;
      const { status, residual, iterations } = await run(precision, ferromagnet(1.0001, 0.5), options);
      expect(status, `${maxIterations}`).toBe("max-iter");
      expect(iterations).toBeLessThanOrEqual(maxIterations);
      expect(residual).toBeGreaterThan(accept);
    }
  });

  it("says diverged when numbers overflow, in a steady state and in steps", async () => {
    const huge = precision === "f64" ? 1.7e308 : 3.3e38;
    const matrix = [0, 1, 2].map(() => [huge, huge, huge]);
    const system = {
      spins: { kind: "sphere", dimension: 8 },
      couplings: { kind: "dense", matrix },
      initial: { kind: "constant", value: 0.99 },
    };
    expect((await run(precision, system, { closure: "naive", ...steady() })).status).toBe("diverged");
    expect((await run(precision, system, { closure: "naive", ...plain(2) })).status).toBe("diverged");
  });

  it("never calls an unsolved inner equation converged", async () => {
    // At β = 4 the published second order has no root at some sites.
    const published = await run(precision, glass(8, 4, "large-d", 2), {
      closure: "tap-published",
      ...steady({ maxIterations: 2 }),
    });
    expect(published.innerResidual).toBeGreaterThan(1e-3);
    expect(published.status).toBe("max-iter");
    const walked = await run(precision, glass(8, 4, "large-d", 2), { closure: "tap-published", ...plain(1) });
    expect(walked.status).toBe("max-iter");
    expect(walked.state.every(Number.isFinite)).toBe(true);
  });

  it("leaves the unstable zero of an ordered phase, from any start but zero itself", async () => {
    for (const initial of [
      { kind: "constant", value: 1e-3 },
      { kind: "constant", value: 0.2 },
      { kind: "direction", norm: 1e-3 },
      { kind: "direction", norm: 0.1 },
      { kind: "direction", norm: 0.9 },
    ]) {
      const { state, status } = await run(precision, attention(32, 3, initial), { closure: "naive", ...steady() });
      expect(status).toBe("converged");
      for (const norm of norms(state, 8)) expect(norm, JSON.stringify(initial)).toBeCloseTo(orderedNorm(3), 4);
    }
    const zero = await run(precision, attention(32, 3, { kind: "zero" }), { closure: "naive", ...steady() });
    expect(zero.status).toBe("converged");
    expect(Math.max(...zero.state.map(Math.abs))).toBe(0);
  });

  // Random directions cancel: the ordered part starts at 1/√N, the rest decays first, and mixing would end at zero.
  it.each([
    [1, 2.2],
    [2, 2.5],
  ])("finds the order behind random directions, score scale %d, β = %d", async (scale, beta) => {
    const system = attention(256, beta, { kind: "direction", norm: 0.1 }, { scale });
    const { state, status } = await run(precision, system, { closure: "naive", ...steady() });
    expect(status).toBe("converged");
    for (const norm of norms(state, 8)) expect(norm).toBeCloseTo(orderedNorm(beta), 4);
  });

  it("stays on the side of the start", async () => {
    for (const start of [0.01, -0.01, 1e-4, -0.7]) {
      const { state, status } = await run(precision, ferromagnet(2, start), { closure: "naive", ...steady() });
      expect(status).toBe("converged");
      expect(state[0]).toBeCloseTo(Math.sign(start) * 0.9575040241, 5);
    }
  });

  it("settles all heads of a point together when the couplings follow their states", async () => {
    const weights = { query: random, key: random };
    const couplings = { kind: "attention", weights, heads: 3, dimension: 4, source: "state", scale: 0.2 };
    const system = { ...attention(12, 1.5, { kind: "field" }), couplings, field: { kind: "gaussian", std: 0.4 } };
    const found = await run(precision, system, { closure: "naive", ...steady() });
    expect(found.status).toBe("converged");
    expect(found.residual).toBeLessThanOrEqual(accept);
    const walked = await run(precision, system, { closure: "naive", ...plain(200) });
    const error = Math.max(...found.state.map((value, k) => Math.abs(value - walked.state[k])));
    expect(error).toBeLessThan(precision === "f64" ? 1e-12 : 3e-6);
  });

  it("is fast where the map contracts slowly", async () => {
    const options = { closure: "naive" as ClosureName, ...steady() };
    const { state, status, iterations } = await run(
      precision,
      attention(16, 2.02, { kind: "constant", value: 0.5 }),
      options,
    );
    expect(status).toBe("converged");
    // Plain steps shrink the error by 0.98.
    expect(iterations).toBeLessThan(60);
    for (const norm of norms(state, 8)) expect(norm).toBeCloseTo(orderedNorm(2.02), precision === "f64" ? 10 : 4);
  });

  it("has the rms mean of the leading Onsager term at β = 2 in a random glass", async () => {
    const system = { ...glass(64, 2), spins: { kind: "sphere", dimension: 64, count: 128 } };
    const options = { closure: "onsager", ...steady(), observe: ["overlap"] } as const;
    const { status, observables } = await run(precision, system, options);
    expect(status).toBe("converged");
    expect(Math.abs(Math.sqrt(observables.overlap!) - 0.536)).toBeLessThan(0.01);
  });
});

it("gets past a state that holds it up for a hundred steps", async () => {
  // Token 4 attends to itself (J_44 = 0.996) until it has turned: mixing alone stays there for thousands of iterations.
  const weights = { query: random, key: random };
  const system = {
    ...attention(21, 4, { kind: "direction", norm: 0.5 }),
    couplings: { kind: "attention", weights, dimension: 8, source: "state", mask: "causal" },
    seed: 11,
  };
  const { state, status } = await run("f64", system, { closure: "naive", ...steady() });
  expect(status).toBe("converged");
  for (const norm of norms(state, 8)) expect(norm).toBeCloseTo(orderedNorm(4), 4);
});
