/** Random couplings that are drawn inside the field products: the physics of a stored J, in memory that grows with N. */
import { afterAll, describe, expect, it } from "vitest";
import { batchOf, type SystemBatch } from "../../src/engine/batch.js";
import { CapacityError } from "../../src/engine/couplings.js";
import type { Executor, Slot } from "../../src/engine/executor.js";
import { ExecutorScope } from "../../src/engine/scope.js";
import { simulate, type SimulationOptions } from "../../src/engine/simulate.js";
import type { ClosureName } from "../../src/physics/closures.js";
import { InputError } from "../../src/physics/input-error.js";
import { verifyStep } from "../../src/verify/verify-step.js";
import { engine, expectWithin, openEngine, precisions, realised, sharing, sideBySide } from "../oracles/engines.js";

const ensembles = {
  gaussian: { kind: "gaussian", mean: 0.5 },
  "correlated gaussian": { kind: "gaussian", mean: 0.5, symmetry: 0.4 },
  "plus-minus": { kind: "plus-minus", std: 0.8 },
  "correlated plus-minus": { kind: "plus-minus", mean: 0.3, symmetry: -0.5 },
  diluted: { kind: "diluted", connectivity: 20, mean: 1 },
  "symmetric diluted plus-minus": { kind: "diluted", law: "plus-minus", connectivity: 9, symmetry: 1 },
  "curie-weiss": { kind: "curie-weiss", mean: 1.5 },
} as const;

const binary = { kind: "binary" };
const sphere = { kind: "sphere", dimension: 6 };
const field = { kind: "gaussian", std: 0.5 };

const kinds: [string, object, ClosureName][] = [
  ["binary", binary, "naive"],
  ["binary", binary, "tap"],
  ["binary", binary, "gaussian-field"],
  ["sphere", sphere, "naive"],
  ["sphere", sphere, "onsager"],
  ["exact sphere", { ...sphere, response: "exact" }, "gaussian-field"],
];

async function batchWith(spins: object, couplings: object, count = 61): Promise<SystemBatch> {
  return batchOf(await realised({ spins: { ...spins, count }, couplings, field, beta: 0.9, seed: 6 }));
}

/** An executor that holds the arrays to a limit of its own and knows how much they took. */
class MeteredExecutor extends ExecutorScope {
  peak = 0;
  readonly #lengths = new Map<Slot, number>();

  constructor(
    executor: Executor,
    override readonly memoryLimit: number,
  ) {
    super(executor);
  }

  override allocate(label: string, length: number): Slot {
    return this.#count(super.allocate(label, length));
  }

  override upload(label: string, values: Float64Array | Uint32Array): Slot {
    return this.#count(super.upload(label, values));
  }

  override free(...slots: Slot[]): void {
    for (const slot of slots) this.#lengths.delete(slot);
    super.free(...slots);
  }

  #count(slot: Slot): Slot {
    this.#lengths.set(slot, slot.length);
    const total = this.elementBytes * [...this.#lengths.values()].reduce((sum, length) => sum + length, 0);
    this.peak = Math.max(this.peak, total);
    return slot;
  }
}

describe.each(precisions)("procedural couplings, %s", (precision) => {
  const tolerance = precision === "f64" ? 1e-13 : 2e-6;
  const steps = { run: { steps: 3 }, observe: ["magnetization", "overlap"], states: true } as const;

  it.each(kinds)("%s spins, %j, %s: agree with stored ones", async (_, spins, closure) => {
    const executor = await engine(precision);
    // Every ensemble has a shader of its own, and a software adapter takes a second for each.
    const some = ["correlated gaussian", "diluted", "correlated plus-minus"];
    const names = closure === "tap" || precision === "f64" ? Object.keys(ensembles) : some;
    for (const name of names) {
      const couplings = ensembles[name as keyof typeof ensembles];
      const batch = await batchWith(spins, couplings);
      const of = async (strategy: "stored" | "procedural") => {
        const [[result]] = await simulate(executor, batch, { closure, ...steps, strategy });
        expect(result.strategy.name).toBe(strategy);
        return result;
      };
      const [stored, procedural] = [await of("stored"), await of("procedural")];
      expectWithin(procedural.state!, [...stored.state!], tolerance, name);
    }
  });

  it.each(kinds)(
    "%s spins, %j, %s: are taken where the matrix does not fit, and only there",
    async (_, spins, closure) => {
      const executor = await engine(precision);
      const batch = await batchWith(spins, ensembles["correlated gaussian"], 300);
      const matrix = executor.elementBytes * 300 * 300;
      const run = async (limit: number, options: Partial<SimulationOptions> = {}) => {
        const metered = new MeteredExecutor(executor, limit);
        const [[result]] = await simulate(metered, batch, { closure, ...steps, ...options });
        expect(metered.liveSlots).toBe(0);
        return { ...result, peak: metered.peak };
      };
      const [forced, tight, roomy] = [
        await run(100 * matrix, { strategy: "procedural" }),
        await run(matrix),
        await run(100 * matrix),
      ];
      expect([forced, tight, roomy].map(({ strategy }) => strategy.name)).toEqual([
        "procedural",
        "procedural",
        "stored",
      ]);
      expect(tight.state).toEqual(forced.state);
      expect(tight.peak).toBeLessThan(0.9 * matrix);
      expect(roomy.peak).toBeGreaterThan(matrix);
    },
  );

  it.each(kinds)("%s spins, %j, %s: give the same bits in every batch", async (_, spins, closure) => {
    const executor = await engine(precision);
    const options = { closure, ...steps, strategy: "procedural" } as const;
    const run = (batch: SystemBatch) => simulate(executor, batch, options);
    for (const couplings of [ensembles["correlated plus-minus"], ensembles.diluted]) {
      const input = { spins: { ...spins, count: 37 }, couplings, field };
      const points = await Promise.all([0.4, 1.1, 0.9, 2.6, 1.3].map((beta) => realised({ ...input, beta })));
      const [together] = await run(sharing(points));
      const samples = await Promise.all([3, 0, 11].map((sample) => realised({ ...input, sample })));
      const apart = (await run(sideBySide(samples))).flat();
      for (const [systems, results] of [
        [points, together],
        [samples, apart],
      ] as const) {
        for (const [k, system] of systems.entries()) {
          expect(results[k], `${k}`).toEqual((await run(batchOf(system)))[0][0]);
        }
      }
    }
  });

  it("are chosen by the size of a matrix, not by what else is in the batch", async () => {
    const executor = await engine(precision);
    const input = { spins: { ...binary, count: 300 }, couplings: ensembles.gaussian, field };
    const samples = await Promise.all([0, 1, 2].map((sample) => realised({ ...input, sample })));
    const limited = new MeteredExecutor(executor, 2.2 * executor.elementBytes * 300 * 300);
    const options = { closure: "naive", ...steps } as const;
    const together = (await simulate(limited, sideBySide(samples), options)).flat();
    expect(together[0].strategy.name).toBe("blocks");
    for (const [k, sample] of samples.entries()) {
      const [[alone]] = await simulate(limited, batchOf(sample), options);
      expect(alone.strategy.name).toBe("stored");
      expect(together[k].state).toEqual(alone.state);
    }
  });

  it("settle on the same steady state, with the susceptibility of a stored J", async () => {
    const executor = await engine(precision);
    const batch = await batchWith(binary, { kind: "plus-minus", std: 0.4, symmetry: 1 });
    const options = { closure: "tap", run: { steady: {} }, observe: ["susceptibility"], states: true } as const;
    const [[stored]] = await simulate(executor, batch, { ...options, strategy: "stored" });
    const [[procedural]] = await simulate(executor, batch, { ...options, strategy: "procedural" });
    expect([stored.status, procedural.status]).toEqual(["converged", "converged"]);
    expectWithin(procedural.state!, [...stored.state!], 10 * tolerance, "state");
    const [one, other] = [procedural, stored].map(({ observables }) => observables.susceptibility!);
    expect(Math.abs(one / other - 1)).toBeLessThan(precision === "f64" ? 1e-6 : 4e-3);
  });

  it("are refused where J itself is wanted, or cannot be drawn", async () => {
    const executor = await engine(precision);
    const matrix = [
      [0, 1],
      [1, 0],
    ];
    const dense = batchOf(await realised({ spins: binary, couplings: { kind: "dense", matrix } }));
    const options = { ...steps, strategy: "procedural" } as const;
    const refused = simulate(executor, dense, { closure: "naive", ...options });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/found procedural for dense couplings, expected/);
    const random = await batchWith(sphere, ensembles.gaussian);
    const reaction = simulate(executor, random, { closure: "tap", ...options });
    await expect(reaction).rejects.toThrow(/found procedural for a closure that needs J itself, expected/);
    const given = simulate(executor, random, { closure: "naive", ...options, couplings: true });
    await expect(given).rejects.toThrow(CapacityError);
    expect(executor.liveSlots).toBe(0);
  });

  it("leave the second order of spheres to blocks of rows", async () => {
    const batch = await batchWith(sphere, ensembles.diluted);
    const executor = await engine(precision);
    const limited = new MeteredExecutor(executor, executor.elementBytes * 61 * 64 * 2.5);
    const options = { closure: "tap", run: { steps: 1 }, observe: [] } as const;
    const [[{ strategy }]] = await simulate(limited, batch, options);
    expect(strategy.name).toBe("blocks");
  });

  it("say what is missing when not even the states fit", async () => {
    const limited = new MeteredExecutor(await engine(precision), 4096);
    const batch = await batchWith(binary, ensembles.gaussian, 1000);
    const run = simulate(limited, batch, { closure: "naive", run: { steps: 1 }, observe: [] });
    await expect(run).rejects.toThrow(/N = 1000 .* memory limit 4096/);
  });
});

describe("at large N", () => {
  const memoryLimit = 2 ** 20;
  const executor = openEngine("f32", memoryLimit);
  afterAll(async () => (await executor).dispose());

  // A matrix of 2003 sites takes fifteen times the limit, one of 8009 two hundred times.
  it.each([
    [8_009, "naive", { kind: "plus-minus", symmetry: 1 }],
    [4_003, "tap", { kind: "plus-minus", mean: 1, symmetry: 0.5 }],
    [2_003, "tap", { kind: "diluted", connectivity: 6, symmetry: 1, law: "plus-minus" }],
    [2_003, "tap", { kind: "gaussian", symmetry: 1 }],
  ] as const)("N = %d, %s, %j: sampled rows are those of float64", async (count, closure, couplings) => {
    const input = { spins: { kind: "binary", count }, couplings, field, initial: { kind: "uniform", halfWidth: 0.9 } };
    const report = await verifyStep(await executor, await realised(input), closure, { rows: 16, seed: 2 });
    expect(report).toMatchObject({ pass: true, rows: 16, sites: count });
    // Sums of so many terms, and no worse than sums of a few hundred.
    expect(report.maximumError).toBeLessThan(1e-6);
  });

  it("sphere spins, N = 1501", async () => {
    const input = {
      spins: { ...sphere, count: 1501 },
      couplings: { kind: "plus-minus", symmetry: -1 },
      initial: { kind: "direction", norm: 0.8 },
    };
    const report = await verifyStep(await executor, await realised(input), "onsager", { rows: 16, seed: 2 });
    expect(report.pass).toBe(true);
  });
});
