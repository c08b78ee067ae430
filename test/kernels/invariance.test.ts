/** No digit depends on how the work is cut: into blocks of rows, or into batches of systems. */
import { describe, expect, test } from "vitest";
import type { StageName } from "../../src/engine/executor.js";
import { buildCase, type KernelCase } from "../kernel-cases.js";
import { ENSEMBLES } from "./cases/couplings.js";
import { prepare, runOnGpu, useGpu } from "./compare.js";

const gpu = useGpu();

type Arrays = Readonly<Record<string, Float64Array | Uint32Array>>;

/** How many parts of equal length an array holds, each with a stretch of its own for every unit that is cut. */
type Parts = Readonly<Record<string, number>>;

/** The stretches `from .. from + count` of `units` in each of the parts of an array. */
function cut<T extends Float64Array | Uint32Array>(
  values: T,
  parts: number,
  units: number,
  from: number,
  count: number,
): T {
  const part = values.length / parts;
  const unit = part / units;
  const pieces = Array.from({ length: parts }, (_, k) => [
    ...values.subarray(k * part + from * unit, k * part + (from + count) * unit),
  ]);
  return (values instanceof Uint32Array ? Uint32Array.from(pieces.flat()) : Float64Array.from(pieces.flat())) as T;
}

const ROWS = 13;
const BLOCKS = [
  { rowStart: 0, rowCount: 4 },
  { rowStart: 4, rowCount: 8 },
  { rowStart: 12, rowCount: 1 },
];

/**
 * Runs a case whole and block of rows by block of rows. `byRow` names the arrays that hold the rows of the block alone,
 * with the number of matrices in them; all others hold every row, and results land in them block by block.
 */
async function expectBlocksToAgree<K extends StageName>(kernel: K, whole: KernelCase<K>, byRow: Parts): Promise<void> {
  const before = prepare(whole);
  const expected = await runOnGpu(gpu(), kernel, whole, before);
  let shared: Arrays = before;
  for (const { rowStart, rowCount } of BLOCKS) {
    const block = Object.fromEntries(
      Object.entries(shared).map(([name, values]) => [
        name,
        name in byRow ? cut(before[name], byRow[name], ROWS, rowStart, rowCount) : values,
      ]),
    );
    const params = { ...(whole.params as object), rowStart, rowCount } as KernelCase<K>["params"];
    const actual = await runOnGpu(gpu(), kernel, { params, constants: whole.constants }, block);
    for (const name of Object.keys(byRow)) {
      expect(actual[name], name).toEqual(cut(expected[name], byRow[name], ROWS, rowStart, rowCount));
    }
    shared = {
      ...shared,
      ...Object.fromEntries(Object.entries(actual).filter(([name]) => !(name in byRow) && name !== "seeds")),
    };
  }
  for (const name of Object.keys(expected)) {
    if (!(name in byRow) && name !== "seeds") expect(shared[name], name).toEqual(expected[name]);
  }
}

describe("in blocks of rows", () => {
  const block = { rowStart: 0, rowCount: ROWS };

  test("scores", async () => {
    const params = { ...block, couplings: 2, rows: ROWS, columns: ROWS, dimension: 7, querySharing: 1 };
    await expectBlocksToAgree("scores", buildCase.scores(params, { MASK: 1 }), { scores: 2 });
  });

  test("softmax", async () => {
    const softmax = buildCase.softmax({ ...block, couplings: 2, rows: ROWS, columns: 130 }, {});
    await expectBlocksToAgree("softmax", softmax, { scores: 2, couplings: 2 });
  });

  test.each(ENSEMBLES)("random-couplings, %j", async (ensemble) => {
    const random = buildCase["random-couplings"]({ ...block, couplings: 2, columns: ROWS }, ensemble);
    await expectBlocksToAgree("random-couplings", random, { couplings: 2 });
  });

  test("field-binary", async () => {
    const params = { ...block, systems: 6, systemsPerCoupling: 3, rows: ROWS, columns: 300 };
    await expectBlocksToAgree("field-binary", buildCase["field-binary"](params, { MOMENTS: 1 }), { couplings: 2 });
  });

  test("field-sphere", async () => {
    const sizes = { systems: 6, systemsPerCoupling: 3, rows: ROWS, columns: 300, dimension: 5, weightKinds: 3 };
    const field = buildCase["field-sphere"]({ ...block, ...sizes }, { MOMENTS: 2 });
    await expectBlocksToAgree("field-sphere", field, { couplings: 2 });
  });
});

describe.each(ENSEMBLES)("random J that is not stored, %j", (ensemble) => {
  const sizes = { systems: 10, systemsPerCoupling: 5, rows: ROWS, rowStart: 0, rowCount: ROWS, columns: 300 };
  const binary = buildCase["procedural-field-binary"](sizes, { ...ensemble, MOMENTS: 1 });
  const vectors = { ...sizes, dimension: 5, weightKinds: 1 };
  const sphere = buildCase["procedural-field-sphere"](vectors, { ...ensemble, MOMENTS: 1 });

  test("in blocks of rows", async () => {
    await expectBlocksToAgree("procedural-field-binary", binary, {});
    await expectBlocksToAgree("procedural-field-sphere", sphere, {});
  });

  test("in batches of systems", async () => {
    await expectGroupsToAgree("procedural-field-binary", binary, 2, { systems: 5 });
    await expectGroupsToAgree("procedural-field-sphere", sphere, 2, { systems: 5 });
  });

  test("is that of the stored matrix, and the systems that share it do not notice each other", async () => {
    const matrix = buildCase["random-couplings"]({ couplings: 2, rowStart: 0, rowCount: ROWS, columns: 300 }, ensemble);
    const { couplings } = await runOnGpu(gpu(), "random-couplings", matrix, prepare(matrix));
    for (const { procedural, stored, whole } of [
      { procedural: "procedural-field-binary", stored: "field-binary", whole: binary },
      { procedural: "procedural-field-sphere", stored: "field-sphere", whole: sphere },
    ] as const) {
      const before = prepare<typeof procedural>(whole);
      const together = await runOnGpu(gpu(), procedural, whole, before);
      const { state, weights, field, moments } = before;
      const product = { params: whole.params, constants: { MOMENTS: 1 } };
      const arrays = { couplings, state, weights, field, moments };
      const fromStored = await runOnGpu(gpu(), stored, product as KernelCase<typeof stored>, arrays);
      for (const name of ["field", "moments"]) {
        const scale = Math.max(...fromStored[name].map(Math.abs));
        const error = Math.max(...together[name].map((value, k) => Math.abs(value - fromStored[name][k])));
        expect(error / scale, `${procedural}: ${name}`).toBeLessThan(1e-6);
      }
      const single = { ...whole, params: { ...whole.params, systems: 1, systemsPerCoupling: 1 } };
      for (const system of [0, 4, 7]) {
        const alone = Object.fromEntries(
          Object.entries(before).map(([name, values]) => {
            const shared = name === "seeds" || name === "strengths";
            return [name, shared ? cut(values, 1, 2, Math.floor(system / 5), 1) : cut(values, 1, 10, system, 1)];
          }),
        );
        const actual = await runOnGpu(gpu(), procedural, single as KernelCase<typeof procedural>, alone);
        for (const name of ["field", "moments"]) {
          expect(actual[name], `${procedural}: ${name} of ${system}`).toEqual(cut(together[name], 1, 10, system, 1));
        }
      }
    }
  });
});

/** Runs a case whole and one group of systems at a time; every array is [system]... or [coupling]... */
async function expectGroupsToAgree<K extends StageName>(
  kernel: K,
  whole: KernelCase<K>,
  groups: number,
  paramsOfGroup: Partial<KernelCase<K>["params"]>,
): Promise<void> {
  const before = prepare(whole);
  const expected = await runOnGpu(gpu(), kernel, whole, before);
  const params = { ...whole.params, ...paramsOfGroup };
  for (let group = 0; group < groups; group++) {
    const alone = Object.fromEntries(
      Object.entries(before).map(([name, values]) => [name, cut(values, 1, groups, group, 1)]),
    );
    const actual = await runOnGpu(gpu(), kernel, { params, constants: whole.constants }, alone);
    for (const name of Object.keys(expected)) {
      expect(actual[name], `${name} of group ${group}`).toEqual(cut(expected[name], 1, groups, group, 1));
    }
  }
}

describe("in batches of systems", () => {
  const whole = { rows: 7, rowStart: 0, rowCount: 7, columns: 300 };

  test("field-binary", async () => {
    const field = buildCase["field-binary"]({ ...whole, systems: 15, systemsPerCoupling: 5 }, { MOMENTS: 1 });
    await expectGroupsToAgree("field-binary", field, 3, { systems: 5 });
  });

  test("field-sphere", async () => {
    const sizes = { systems: 6, systemsPerCoupling: 2, dimension: 5, weightKinds: 3 };
    const field = buildCase["field-sphere"]({ ...whole, ...sizes }, { MOMENTS: 2 });
    await expectGroupsToAgree("field-sphere", field, 3, { systems: 2 });
  });

  test("field-binary: systems that share J, one by one", async () => {
    const params = { ...whole, systems: 5, systemsPerCoupling: 5 };
    const field = buildCase["field-binary"](params, { MOMENTS: 1 });
    const before = prepare(field);
    const expected = await runOnGpu(gpu(), "field-binary", field, before);
    for (let system = 0; system < 5; system++) {
      const alone = Object.fromEntries(
        Object.entries(before).map(([name, values]) => [
          name,
          name === "couplings" ? values : cut(values, 1, 5, system, 1),
        ]),
      );
      const single = { params: { ...params, systems: 1, systemsPerCoupling: 1 }, constants: field.constants };
      const actual = await runOnGpu(gpu(), "field-binary", single, alone);
      for (const name of ["field", "moments"]) {
        expect(actual[name], `${name} of system ${system}`).toEqual(cut(expected[name], 1, 5, system, 1));
      }
    }
  });

  test("scores and softmax", async () => {
    const params = { couplings: 3, rows: 7, rowStart: 0, rowCount: 7, columns: 7, dimension: 9, querySharing: 1 };
    await expectGroupsToAgree("scores", buildCase.scores(params, { MASK: 0 }), 3, { couplings: 1 });
    const rows = { couplings: 3, rows: 7, rowStart: 0, rowCount: 7, columns: 130 };
    await expectGroupsToAgree("softmax", buildCase.softmax(rows, {}), 3, { couplings: 1 });
  });

  test("reduce", async () => {
    const params = { batch: 3, rows: 2051, rowStride: 2052, columns: 1, columnStride: 1, chunks: 3 };
    await expectGroupsToAgree("reduce", buildCase.reduce(params, { OPERATION: 0 }), 3, { batch: 1 });
  });

  test.each(["large-d", "exact"] as const)("sphere-tap, %s", async (response) => {
    const constants = { PUBLISHED: false, RESPONSE: response === "exact" ? 1 : 0 };
    const params = { systems: 3, sites: 5, dimension: 6, radius: 1.5, tolerance: 1e-7 };
    await expectGroupsToAgree("sphere-tap", buildCase["sphere-tap"](params, constants), 3, { systems: 1 });
  });
});
