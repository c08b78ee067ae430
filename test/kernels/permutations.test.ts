/** Every shader text that the engine can ask for compiles within the limits that every WebGPU device has. No numbers here. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create } from "webgpu";
import type { SystemBatch } from "../../src/engine/batch.js";
import { cluster, type ClusteringDynamics } from "../../src/engine/clustering.js";
import { CpuExecutor } from "../../src/engine/cpu-executor.js";
import type { CouplingRequest, CouplingStrategy } from "../../src/engine/coupling-strategy.js";
import type { Stage, StageName } from "../../src/engine/executor.js";
import { monteCarlo } from "../../src/engine/monte-carlo.js";
import { simulate } from "../../src/engine/simulate.js";
import { DAWN_TOGGLES } from "../../src/gpu/dawn.js";
import { reflectLayout } from "../../src/gpu/layouts.js";
import type { KernelName } from "../../src/kernels/registry.js";
import { MATRIX_FEATURES } from "../../src/kernels/matrix-tile.js";
import { type AdapterTraits, fusedStrategies, type KernelVariant, precisionsOf } from "../../src/kernels/strategies.js";
import { carriesCorrelations, closureNames, momentRule } from "../../src/physics/closures.js";
import type { Couplings } from "../../src/physics/couplings.js";
import { inapplicable, type ObservedRun } from "../../src/physics/observable-scope.js";
import { LYAPUNOV_DISCARDED, observableNames, observables } from "../../src/physics/observables.js";
import { defaultRadius, type Spins } from "../../src/physics/spins.js";
import { asymmetryFor } from "../../src/physics/symmetry.js";
import { kernelCases } from "../kernel-cases.js";
import { assembleKernel, type Constants } from "./assemble.js";

const permutationOf = (kernel: string, constants: object) => `${kernel} ${JSON.stringify(constants)}`;

const cpu = new CpuExecutor(Infinity, "records").device;

/** Runs everything on the CPU and keeps what was asked of which kernel. */
class RecordingExecutor extends CpuExecutor {
  readonly permutations = new Map<
    string,
    { kernel: KernelName; constants: Constants; variant: KernelVariant | undefined }
  >();
  /** In the guise of an adapter, so that the engine asks for what it asks of adapters. */
  override readonly device = { ...cpu, kind: "system-software", precision: "f32" } as const;
  override traits: AdapterTraits = {
    software: true,
    subgroupSize: 8,
    matrices: { M: 16, N: 16, K: 16, lanes: 32, workgroupStorage: 16_384 },
  };

  override run<K extends StageName>(stage: Stage<K>): void {
    const { kernel } = stage;
    const constants = stage.constants as Constants;
    const { variant } = stage;
    const key = permutationOf(kernel, constants) + (variant?.strategy ?? "") + (variant?.precision ?? "");
    this.permutations.set(key, { kernel, constants, variant });
    super.run(stage);
  }
}

const SITES = 3;
/** So many that their keys are split between the workgroups of a GPU. */
const SPLIT_SITES = 512;
const D = 4;
const numbers = (length: number) => Float64Array.from({ length }, (_, k) => Math.sin(k + 1) / 2);

const spins: readonly Spins[] = [
  { kind: "binary", components: 1, radius: 1 },
  { kind: "sphere", components: D, radius: defaultRadius(D), response: "large-d" },
  { kind: "sphere", components: D, radius: defaultRadius(D), response: "exact" },
];

function couplingsFor({ components }: Spins): Couplings[] {
  const random = { kind: "random", mean: 0, std: 1, seed: 1, sample: 0 } as const;
  const attention = { kind: "attention", scale: 1, heads: 1, dimension: 2 } as const;
  const features = { source: "given", queries: numbers(2 * SITES), keys: numbers(2 * SITES) } as const;
  const weights = { queryWeights: numbers(2 * components), keyWeights: numbers(2 * components) };
  return [
    { kind: "dense", matrix: numbers(SITES ** 2) },
    { kind: "dense", matrix: new Float64Array(SITES ** 2).fill(0.1) },
    ...(["gaussian", "plus-minus"] as const).flatMap((law) =>
      [{}, { connectivity: 2 }].flatMap((dilution) =>
        [0, -1].map((symmetry) => ({ ...random, law, symmetry, ...dilution })),
      ),
    ),
    ...([0, 1] as const).map((symmetry) => ({ ...random, law: "mixed-signs", symmetry, fraction: 0.5 }) as const),
    { ...random, law: "ring", symmetry: 0 },
    ...[0, 1].map((symmetry) => ({
      kind: "species" as const,
      means: numbers(1),
      deviations: numbers(1),
      speciesOf: new Uint32Array(SITES),
      symmetry,
      seed: 1,
      sample: 0,
    })),
    ...[1, SITES].map((count) => {
      return { kind: "hopfield" as const, patterns: numbers(count * SITES), count, normalisation: SITES };
    }),
    ...(["none", "causal"] as const).map((mask) => {
      return { kind: "random-softmax" as const, scale: 1, mask, seed: 1, sample: 0 };
    }),
    { ...attention, mask: "none", features: { source: "state", ...weights }, qkNorm: true },
    { ...attention, mask: "none", features, ropeBase: 10 },
    { ...attention, mask: "none", features, qkNorm: true, ropeBase: 10 },
    { ...attention, mask: "none", features: { source: "state", ...weights } },
    { ...attention, mask: "causal", features },
    { ...attention, mask: "user", available: new Float64Array(SITES ** 2).fill(1), features },
  ];
}

/** Every strategy in every precision that it has for these spins. */
function attentionRequests({ kind }: Spins): CouplingRequest[] {
  const fused = fusedStrategies.flatMap((strategy) =>
    precisionsOf(strategy).map((precision): CouplingRequest => ({ strategy, precision })),
  );
  return [{}, { strategy: "stored" }, ...fused.filter(({ precision }) => kind === "sphere" || precision === "f32")];
}

const clusteringDynamics: readonly ClusteringDynamics[] = [true, false].flatMap((flag): ClusteringDynamics[] => [
  { kind: "map", step: 1, residual: flag },
  { kind: "flow", timeStep: 0.1, rate: 1, unnormalised: flag },
  { kind: "noisy", timeStep: 0.1, rate: 1, unnormalised: flag, seed: 1 },
]);

/** All observables that take extra work: of a short run, and of one that is long enough for a Lyapunov exponent. */
async function measureAll(executor: CpuExecutor, batch: SystemBatch, strategy: CouplingStrategy): Promise<void> {
  const { spins: each, couplings } = batch;
  const stored = strategy === "auto" || strategy === "stored";
  for (const steps of [1, LYAPUNOV_DISCARDED + 1]) {
    const run: ObservedRun = { spins: each, couplings: couplings[0], closure: "naive", steps };
    const observe = observableNames.filter((name) => {
      const { needs } = observables[name];
      // The rows of these matrices do not sum to one.
      if (needs === "deflated" && couplings[0].kind !== "attention") return false;
      if ((needs === "housekeeping" || needs === "deflated") && !stored) return false;
      return needs !== "response" && (steps === 1) === (needs !== "tangentTrajectory") && !inapplicable(name, run);
    });
    await simulate(executor, batch, { closure: "naive", run: { steps }, observe, strategy });
  }
}

/** What the engine asks for over all closures, spins and couplings. */
async function recordEngine(): Promise<RecordingExecutor> {
  const executor = new RecordingExecutor(Infinity, "records");
  for (const each of spins) {
    const point = { beta: 0.5, field: numbers(SITES * each.components), initial: numbers(SITES * each.components) };
    for (const closure of closureNames.filter((name) => typeof momentRule(name, each) === "string")) {
      for (const coupling of couplingsFor(each)) {
        const batch: SystemBatch = { spins: each, sites: SITES, heads: 1, couplings: [coupling], points: [[point]] };
        const attention = coupling.kind === "attention";
        const observe = observableNames.filter((name) => attention || observables[name].needs !== "rows");
        if (asymmetryFor(closure, coupling, SITES) !== undefined) continue;
        const fusible = attention && !carriesCorrelations(closure);
        const free = observe.filter((name) => ["state", "rows", "response"].includes(observables[name].needs));
        for (const request of fusible ? attentionRequests(each) : [{}]) {
          // f16 has no susceptibility.
          const observed = free.filter((name) => request.precision !== "f16" || name !== "susceptibility");
          const steady = { steady: { maxIterations: 2 } };
          await simulate(executor, batch, { closure, run: steady, observe: observed, ...request });
          await simulate(executor, batch, { closure, run: { steps: 1 }, observe: [], ...request });
          const { precision = "f32", strategy = "auto" } = request;
          if (closure === "naive" && precision === "f32") await measureAll(executor, batch, strategy);
        }
        if (closure !== "amp") {
          await simulate(executor, batch, { closure, run: { steps: 1 }, observe: [], correlations: true });
        }
        // The second order of spheres needs J itself, and so do closures that carry correlations.
        const needsCouplings = (each.kind === "sphere" && closure.startsWith("tap")) || carriesCorrelations(closure);
        if (coupling.kind !== "random" || needsCouplings) continue;
        const strategy = "procedural";
        await simulate(executor, batch, { closure, run: { steps: 1 }, observe: [], strategy });
      }
    }
    const sampling = { chains: 2, burnIn: 0, steps: 1, thin: 1, start: "random", correlations: true } as const;
    const identity = () => ({ seed: 1, point: 0, sample: 0 });
    const couplings = couplingsFor(each).slice(0, 1);
    const batch: SystemBatch = { spins: each, sites: SITES, heads: 1, couplings, points: [[point]] };
    for (const observe of [["magnetization"], ["entropy-production"]] as const) {
      await monteCarlo(executor, batch, { ...sampling, observe, identity });
    }
    if (each.kind === "binary") await monteCarlo(executor, batch, { ...sampling, observe: ["entropy-rate"], identity });
  }
  // So many components that a stored J has a product of its own for subgroups.
  const wide = { kind: "sphere", components: 16, radius: defaultRadius(16), response: "large-d" } as const;
  for (const closure of ["naive", "onsager", "tap"] as const) {
    const point = { beta: 0.5, field: numbers(16 * SITES), initial: numbers(16 * SITES) };
    const couplings = [{ kind: "dense", matrix: numbers(SITES ** 2) }] as const;
    const batch: SystemBatch = { spins: wide, sites: SITES, heads: 1, couplings, points: [[point]] };
    await simulate(executor, batch, { closure, run: { steps: 1 }, observe: [] });
  }
  const cloud = { beta: 1, initial: Float64Array.of(1, 0, 0, 1) };
  for (const dynamics of clusteringDynamics) await cluster(executor, [cloud], { dimension: 2, dynamics, steps: 1 });
  executor.traits = { software: false, subgroupSize: 32 };
  const features = { source: "given", queries: numbers(SPLIT_SITES), keys: numbers(SPLIT_SITES) } as const;
  const coupling = { kind: "attention", scale: 1, heads: 1, dimension: 1, mask: "none", features } as const;
  const point = { beta: 0.5, field: numbers(SPLIT_SITES), initial: numbers(SPLIT_SITES) };
  const batch: SystemBatch = {
    spins: spins[0],
    sites: SPLIT_SITES,
    heads: 1,
    couplings: [coupling],
    points: [[point]],
  };
  await simulate(executor, batch, { closure: "naive", run: { steps: 2 }, observe: [] });
  return executor;
}

describe("on the null backend", () => {
  // Compiles and validates like any other and executes nothing: its numbers mean nothing, so nothing is read back.
  let instance: GPU | undefined;
  let device: GPUDevice;

  beforeAll(async () => {
    instance = create(["backend=null", `enable-dawn-features=${DAWN_TOGGLES.matrices.join(",")}`]);
    const adapter = await instance.requestAdapter();
    if (adapter === null) throw new Error("Dawn has no null backend");
    device = await adapter.requestDevice({ requiredFeatures: [...MATRIX_FEATURES] as GPUFeatureName[] });
  });

  afterAll(() => {
    device.destroy();
    instance = undefined;
  });

  async function compile(code: string): Promise<void> {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code });
    await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
    const error = await device.popErrorScope();
    if (error !== null) throw new Error(error.message);
  }

  test("the device has the limits that every device has", () => {
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    expect(device.limits.maxComputeWorkgroupStorageSize).toBe(16_384);
    expect(device.limits.maxComputeInvocationsPerWorkgroup).toBe(256);
  });

  test("it refuses more bindings or workgroup memory than that", async () => {
    const arrays = Array.from(
      { length: 9 },
      (_, k) => `@group(0) @binding(${k}) var<storage, read_write> a${k}: array<f32>;`,
    );
    const sum = arrays.map((_, k) => `a${k}[0]`).join(" + ");
    await expect(
      compile(`${arrays.join("\n")} @compute @workgroup_size(1) fn main() { a0[0] = ${sum}; }`),
    ).rejects.toThrow();
    const shared = "var<workgroup> s: array<vec4f, 1025>; @compute @workgroup_size(1) fn main() { s[0] = s[1]; }";
    await expect(compile(shared)).rejects.toThrow();
  });

  test("every permutation that the engine uses compiles, and is compared with its twin in some case", async () => {
    const { permutations } = await recordEngine();
    const compared = new Set(
      Object.entries(kernelCases).flatMap(([kernel, cases]) =>
        cases.map(({ constants }) => permutationOf(kernel, constants)),
      ),
    );
    const asked = [...permutations.values()].map(({ kernel, constants }) => permutationOf(kernel, constants));
    expect([...new Set(asked)].filter((permutation) => !compared.has(permutation))).toEqual([]);
    expect([...new Set([...permutations.values()].map(({ kernel }) => kernel))].sort()).toEqual(
      Object.keys(kernelCases).sort(),
    );
    for (const { kernel, constants, variant } of permutations.values()) {
      const source = await assembleKernel(kernel, constants, variant);
      await expect(compile(source), permutationOf(kernel, constants)).resolves.toBeUndefined();
      expect(reflectLayout(kernel, source).arrays.length).toBeLessThanOrEqual(8);
    }
  });
});
