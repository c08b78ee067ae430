/**
 * The strategy "subgroup-matrix" of attention-field-sphere. Where no adapter multiplies matrices, the null backend compiles
 * the shader as it is, and the shader with emulated matrices runs wherever there is f16.
 */
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { create } from "webgpu";
import { adapterTraits } from "../../src/engine/adapter-traits.js";
import { DAWN_TOGGLES } from "../../src/gpu/dawn.js";
import type { GpuArray, GpuDevice } from "../../src/gpu/device.js";
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";
import {
  MATRIX_FEATURES,
  type MatrixConfiguration,
  matrixConfiguration,
  matrixPrecisions,
  type MatrixPrecision,
  matrixTile,
  type MatrixTraits,
  storageOf,
} from "../../src/kernels/matrix-tile.js";
import { attentionFieldSphere } from "../../src/reference/attention-field-sphere.js";
import { sharedDevice } from "../device.js";
import {
  type Arrays,
  buildMatrixCase,
  emptyOutputs,
  evaluated,
  largestErrors,
  matrixCases,
  OUTPUTS,
} from "./cases/attention-matrix.js";
import { f16round, naiveMatrix } from "./naive-matrix.js";

const SHADER = "attention-field-sphere-matrix.wgsl";
const shaders = new URL("../../shaders/", import.meta.url);
const load = (path: string) => loadText(new URL(path, shaders));

const SQUARE: MatrixConfiguration = { M: 16, N: 16, K: 16, lanes: 32, workgroupStorage: 32_768 };

interface TileVariant {
  readonly configuration?: Partial<MatrixConfiguration>;
  readonly rowTiles?: number;
}

function tileFor(d: number, D: number, precision: MatrixPrecision, { configuration, rowTiles }: TileVariant = {}) {
  const tile = matrixTile(d, D, precision, { ...SQUARE, ...configuration }, rowTiles);
  if (typeof tile === "string") throw new Error(tile);
  return tile;
}

describe("on the null backend", () => {
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

  /** What the compiler says, the pipeline included. Warnings are as bad as errors: the deprecated syntax gives one. */
  async function complaints(code: string): Promise<string[]> {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code });
    const { messages } = await module.getCompilationInfo();
    const found = messages.map(({ message, lineNum }) => `line ${lineNum}: ${message.slice(0, 300)}`);
    await device
      .createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } })
      .catch((error: unknown) => found.push(String(error).slice(0, 200)));
    await device.popErrorScope();
    return found;
  }

  test("it knows subgroup matrices", async () => {
    expect(
      await complaints("enable chromium_experimental_subgroup_matrix; @compute @workgroup_size(1) fn main() {}"),
    ).toEqual([]);
  });

  const sizes = [16, 64, 128].flatMap((d) => matrixPrecisions.map((precision) => [d, precision] as const));
  test.each(sizes)("d = %i in %s compiles, and takes the workgroup memory that is stated", async (d, precision) => {
    const tile = tileFor(d, d, precision);
    const storage = storageOf(tile);
    // The null backend has no more workgroup memory than every device has. A pipeline that takes more says how much.
    const fits = storage <= device.limits.maxComputeWorkgroupStorageSize;
    const expected = fits ? [] : [expect.stringContaining(`workgroup storage (${storage} bytes) is larger`)];
    for (const MASK of [0, 1, 2]) {
      for (const FROZEN of [false, true]) {
        const constants = { ...tile, MASK, FROZEN, MOMENTS: MASK, STATISTICS: MASK === 1 };
        expect(await complaints(await assembleShader(load, SHADER, constants))).toEqual(expected);
      }
    }
  });

  test("a tile for 16 KiB of workgroup memory makes a pipeline", async () => {
    const tile = tileFor(64, 64, "f16", { configuration: { workgroupStorage: 16_384 } });
    expect(await complaints(await assembleShader(load, SHADER, { ...tile }))).toEqual([]);
  });
});

describe("which matrices", () => {
  const traits: MatrixTraits = {
    features: new Set(MATRIX_FEATURES),
    matrixShapes: [
      { componentType: "f16", resultComponentType: "f16", M: 16, N: 16, K: 16 },
      { componentType: "f16", resultComponentType: "f32", M: 16, N: 8, K: 16 },
      { componentType: "f16", resultComponentType: "f32", M: 16, N: 16, K: 16 },
    ],
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
    workgroupStorage: 49_152,
    workgroupInvocations: 1024,
  };

  test("16 x 16 x 16 with sums of f32, where there is a choice", () => {
    expect(matrixConfiguration(traits)).toEqual({ ...SQUARE, workgroupStorage: 49_152 });
  });

  test.each([
    ["no shader-f16", { features: new Set(["chromium-experimental-subgroup-matrix"]) }],
    ["no matrices of f16 with sums of f32", { matrixShapes: traits.matrixShapes.slice(0, 1) }],
    ["no subgroups of one fixed size", { subgroupMinSize: 16 }],
    ["no workgroups of 128 invocations", { workgroupInvocations: 64 }],
  ])("the adapter has %s", (reason, change) => {
    expect(matrixConfiguration({ ...traits, ...change })).toContain(reason);
  });

  test("no more than 32 KiB of workgroup memory is taken unless nothing fits there", () => {
    const roomy = { ...SQUARE, workgroupStorage: 49_152 };
    expect(storageOf(tileFor(128, 128, "split-f16", { configuration: roomy }))).toBeLessThanOrEqual(32_768);
    expect(storageOf(tileFor(256, 256, "split-f16", { configuration: roomy }))).toBeGreaterThan(32_768);
    expect(matrixTile(256, 256, "split-f16", SQUARE)).toMatch(/^split-f16 matrices of d = 256, D = 256 take \d+ bytes/);
  });
});

test("f16round", () => {
  expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20, -2047.5, 0.1, 0].map(f16round)).toEqual([
    1,
    1 + 2 ** -9,
    1 + 2 ** -10,
    -2048,
    0.0999755859375,
    0,
  ]);
});

test("shaders of other strategies contain no f16", async () => {
  const names = (await readdir(shaders)).filter((name) => name.endsWith(".wgsl") && name !== SHADER);
  expect(names).toEqual(
    expect.arrayContaining(["attention-field-sphere.wgsl", "attention-field-sphere-subgroups.wgsl"]),
  );
  for (const name of names) {
    const source = await assembleShader(load, name, {});
    expect(source.replace(/\/\/.*/g, ""), name).not.toMatch(/\bf16\b|\bvec[234]h\b|\bmat[234]x[234]h\b|\d\.?h\b/);
  }
});

/** How much larger the errors may be than those of the plain evaluation with the same rounding of its operands. */
const precisions = {
  f16: { round: f16round, allowed: 2 },
  "split-f16": { round: (value: number) => value, allowed: 4 },
} as const;

type Built = ReturnType<typeof buildMatrixCase>;

interface Variant extends TileVariant {
  /** Rows where the blocks begin; a dispatch each. */
  readonly blocks?: readonly number[];
  /** Loops marked "// @unroll" are written out in the emulation too. */
  readonly writtenOut?: boolean;
}

/** Other tiles than that of an adapter with 32 KiB of workgroup memory and matrices of 16 x 16 x 16. */
const variants: readonly Variant[] = [
  { writtenOut: true, configuration: { workgroupStorage: 16_384 } },
  { rowTiles: 2 },
  { configuration: { M: 8 } },
];

const UNIT_IN_THE_LAST_PLACE = 2 ** -23;

describe.each(["emulated", "native"] as const)("with %s matrices", (matrices) => {
  let gpu: GpuDevice;
  let found: MatrixConfiguration | string;

  beforeAll(async () => {
    gpu = await sharedDevice();
    found = matrices === "native" ? (adapterTraits(gpu).matrices ?? "") : SQUARE;
  });

  /** The matrices to use; without them the test is skipped, and says why. */
  function needMatrices({ skip }: TestContext): MatrixConfiguration {
    skip(!gpu.features.has("shader-f16"), "no shader-f16");
    skip(!gpu.features.has("subgroups"), "no subgroups");
    return typeof found === "string" ? skip(found) : found;
  }

  /** On a software adapter loops that hold no matrix of the adapter stay loops, or they take many seconds to compile. */
  async function loadVariant(path: string, writtenOut: boolean): Promise<string> {
    const emulates = matrices === "emulated" && path === "lib/matrix-product.wgsl";
    const text = await load(emulates ? "lib/matrix-product-emulated.wgsl" : path);
    if (writtenOut || gpu.adapter.kind === "hardware") return text;
    const bound = matrices === "emulated" ? "[^;]+" : "(?:ROWS|QUADS)_A_THREAD";
    const loop = new RegExp(`// @unroll\\s+(for \\(var \\w+ = 0u; \\w+ < )(${bound});`, "g");
    return text.replace(loop, "$1opaque($2);");
  }

  /** What the shader makes of the arrays. */
  async function run(
    matrix: MatrixConfiguration,
    precision: MatrixPrecision,
    { arrays, params, constants }: Built,
    { blocks = [0], writtenOut = false, ...variant }: Variant = {},
  ): Promise<Arrays> {
    const configuration = { ...matrix, ...variant.configuration };
    const tile = tileFor(params.dimension, params.components, precision, { ...variant, configuration });
    const loading = (path: string) => loadVariant(path, writtenOut);
    const source = await assembleShader(loading, SHADER, { ...tile, ...constants });
    const bindings: Record<string, GpuArray> = {};
    try {
      for (const [name, values] of Object.entries(arrays)) {
        bindings[name] = gpu.createArray(name, values.length);
        gpu.write(bindings[name], Float32Array.from(values));
      }
      await gpu.submit(
        blocks.map((rowStart, index) => {
          const rowCount = (blocks[index + 1] ?? params.rows) - rowStart;
          return {
            kind: "dispatch",
            program: { name: SHADER, source },
            bindings,
            params: { ...params, rowStart, rowCount },
            workgroups: params.systems * params.splits * Math.ceil(rowCount / tile.ROWS),
            shapes: JSON.stringify(params),
          };
        }),
      );
      const result = { ...arrays };
      for (const output of OUTPUTS) result[output] = Float64Array.from(await gpu.read(bindings[output]));
      return result;
    } finally {
      for (const array of Object.values(bindings)) array.destroy();
    }
  }

  /** Errors that are too large for what the precision is held to. */
  function excess(precision: MatrixPrecision, { arrays, params, constants }: Built, got: Arrays): string[] {
    const { round, allowed } = precisions[precision];
    const twin = (given: Arrays) => attentionFieldSphere(given, params, constants);
    const expected = evaluated(arrays, twin);
    const magnitudes = evaluated({ ...arrays, state: arrays.state.map(Math.abs) }, twin);
    const naive = evaluated(arrays, (given) => {
      twin(given); // for the padding, and what stays as it is
      naiveMatrix(round, given, params, constants);
    });
    const sums = params.splits > 1 && !constants.FROZEN;
    const naiveErrors = largestErrors(expected, magnitudes, naive, sums);
    return [...largestErrors(expected, magnitudes, got, sums)].flatMap(([output, error]) => {
      const limit = allowed * (naiveErrors.get(output) ?? 0) + UNIT_IN_THE_LAST_PLACE;
      return error <= limit ? [] : [`${output}: error ${error.toExponential(2)}, allowed ${limit.toExponential(2)}`];
    });
  }

  test.for(variants)("f16, %j", async (variant, context) => {
    const matrix = needMatrices(context);
    context.skip(matrices === "native" && variant.configuration !== undefined, "not the matrices of this adapter");
    const built = buildMatrixCase({ rows: 131, d: 13, D: 7, mask: 1 });
    expect(excess("f16", built, await run(matrix, "f16", built, variant))).toEqual([]);
  });

  describe.each(matrixPrecisions)("%s", (precision) => {
    test.for(matrixCases)("%j", async (each, context) => {
      const matrix = needMatrices(context);
      const compiles = matrices === "emulated" || gpu.adapter.kind === "hardware" || each.d <= 16;
      context.skip(!compiles, "written out for so many matrices, it takes a software adapter minutes to compile");
      const built = buildMatrixCase(each.frozen ? { ...each, splits: 1 } : each);
      const got = await run(matrix, precision, built);
      expect(excess(precision, built, got)).toEqual([]);
      if (each.blocks !== undefined) {
        expect(await run(matrix, precision, built, { blocks: each.blocks }), "in blocks of rows").toEqual(got);
      }
      if (each.frozen) {
        const params = { ...built.params, splits: each.splits ?? 1 };
        const arrays = { ...built.arrays, ...emptyOutputs(params), statistics: got.statistics };
        const frozen = { arrays, params, constants: { ...built.constants, FROZEN: true } };
        expect(excess(precision, frozen, await run(matrix, precision, frozen)), "frozen").toEqual([]);
      }
    });

    test("powers of two change no digit", async (context) => {
      const matrix = needMatrices(context);
      const built = buildMatrixCase({ rows: 65, d: 13, D: 7 });
      const { field, ...others } = await run(matrix, precision, built);
      const times = (values: Float64Array, exponent: number) => values.map((value) => value * 2 ** exponent);
      const { queries, keys, state } = built.arrays;
      const scaled = { queries: times(queries, 40), keys: times(keys, -40), state: times(state, 60) };
      const got = await run(matrix, precision, { ...built, arrays: { ...built.arrays, ...scaled } });
      expect(got.field).toEqual(times(field, 60));
      expect(got.moments).toEqual(others.moments);
      expect(got.statistics).toEqual(others.statistics);
    });
  });
});
