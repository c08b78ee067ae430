/** The table of strategies by made-up adapters: what is chosen, what is refused, and why. Needs no GPU. */
import { describe, expect, test } from "vitest";
import { candidates } from "../../src/kernels/candidates.js";
import {
  type AdapterTraits,
  fusedKernels,
  fusedPrecisions,
  fusedStrategies,
  kernelVariant,
  precisionsOf,
  strategyOrder,
} from "../../src/kernels/strategies.js";

const HOPPER = { M: 16, N: 16, K: 16, lanes: 32, workgroupStorage: 49_152 };
const LAVAPIPE = { M: 8, N: 8, K: 8, lanes: 8, workgroupStorage: 32_768 };
const hardware: AdapterTraits = { software: false, subgroupSize: 32, matrices: HOPPER };
const matrix = (traits: AdapterTraits, d: number, D: number, precision: "f16" | "split-f16") =>
  kernelVariant("attention-field-sphere", "subgroup-matrix", traits, shapeOf(d, D), precision);
const shapeOf = (dimension: number, components: number) => ({ sites: 4096, dimension, components });

test("every precision belongs to exactly the strategies that have it", () => {
  for (const strategy of fusedStrategies) {
    for (const precision of fusedPrecisions) {
      const variant = kernelVariant("attention-field-sphere", strategy, hardware, shapeOf(64, 64), precision);
      if (precisionsOf(strategy).includes(precision)) expect(variant).toMatchObject({ strategy, precision });
      else expect(variant).toMatch(new RegExp(`^${strategy} computes in (f32|f16 or split-f16) only$`));
    }
  }
});

test("matrices are never chosen unasked, nor tuned", () => {
  for (const software of [true, false]) {
    for (const strategy of strategyOrder({ ...hardware, software })) expect(precisionsOf(strategy)).toEqual(["f32"]);
  }
  for (const kernel of fusedKernels) {
    const found = candidates(kernel, hardware, { ...shapeOf(64, kernel === "attention-field-binary" ? 1 : 64) });
    expect(new Set(found.map(({ precision }) => precision))).toEqual(new Set(["f32"]));
  }
});

describe("subgroup-matrix", () => {
  test.each([
    [hardware, "f16", false],
    [hardware, "split-f16", true],
    [{ software: true, subgroupSize: 8, matrices: LAVAPIPE }, "f16", false],
  ] as const)("a tile is of the adapter and the precision", (traits, precision, SPLIT) => {
    const variant = matrix(traits, 64, 64, precision);
    const { M, N, K, lanes } = traits.matrices as typeof HOPPER;
    expect(variant).toMatchObject({
      shader: "attention-field-sphere-matrix",
      tile: { SPLIT, MATRIX_ROWS: M, MATRIX_COLUMNS: N, MATRIX_DEPTH: K, MATRIX_LANES: lanes },
    });
    if (typeof variant === "string") throw new Error(variant);
    expect(Number(variant.tile.WORKGROUP_SIZE) % lanes).toBe(0);
    expect(Number(variant.tile.KEYS) % Math.max(N, K)).toBe(0);
  });

  test.each([
    ["the adapter has no subgroup matrices", undefined],
    ["the adapter has no shader-f16", "the adapter has no shader-f16"],
  ])("without matrices: %s", (reason, matrices) => {
    expect(matrix({ software: false, subgroupSize: 32, ...(matrices && { matrices }) }, 64, 64, "f16")).toBe(reason);
  });

  test.each(["attention-field-binary", "attention-reaction"] as const)("%s has none", (kernel) => {
    expect(kernelVariant(kernel, "subgroup-matrix", hardware, shapeOf(64, 64), "f16")).toBe(
      `${kernel} multiplies no matrices`,
    );
  });

  test("d and D end at 256, and where workgroup memory does", () => {
    expect(matrix(hardware, 257, 8, "f16")).toMatch(/up to d = D = 256, found d = 257, D = 8/);
    expect(matrix(hardware, 8, 257, "f16")).toMatch(/up to d = D = 256, found d = 8, D = 257/);
    expect(matrix(hardware, 256, 256, "f16")).toMatchObject({ precision: "f16" });
    expect(matrix(hardware, 256, 256, "split-f16")).toMatchObject({ precision: "split-f16", tile: { KEYS: 16 } });
    const small = { ...hardware, matrices: { ...HOPPER, workgroupStorage: 32_768 } };
    expect(matrix(small, 256, 256, "f16")).toMatchObject({ precision: "f16" });
    expect(matrix(small, 256, 256, "split-f16")).toMatch(
      /^split-f16 matrices of d = 256, D = 256 take 4\d{4} bytes of workgroup memory, and the adapter has 32768$/,
    );
  });
});
