import { expect, test } from "vitest";
import { bindGroupLayoutEntries, reflectLayout, writeParams } from "../../src/gpu/layouts.js";

const source = `
// fn commented(out: bool) {
fn product(a: vec2f, b: vec2f) -> f32 { if (a.x > 0.0) { return 0.0; } return a.x * b.x; } // rejected by the parser
struct Params { rows: u32, beta: f32, shift: i32 }
struct Row { total: f32, mean: vec4f }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32, 7>;
@compute @workgroup_size(64) fn scoresOfRows() {}`;

test("bindings, their least sizes and the entry point are read off the shader", () => {
  const layout = reflectLayout("scores", source);
  expect(layout.entryPoint).toBe("scoresOfRows");
  expect(layout.arrays).toEqual([
    { name: "rows", binding: 1, writable: false, minimumBytes: 32 },
    { name: "scores", binding: 3, writable: true, minimumBytes: 28 },
  ]);
  expect(bindGroupLayoutEntries(layout).map(({ binding, buffer }) => [binding, buffer])).toEqual([
    [1, { type: "read-only-storage", minBindingSize: 32 }],
    [3, { type: "storage", minBindingSize: 28 }],
    [0, { type: "uniform", hasDynamicOffset: true, minBindingSize: 16 }],
  ]);
});

test("types of subgroup matrices are passed over", () => {
  const matrices = "enable f16; enable chromium_experimental_subgroup_matrix;\nconst K: u32 = 8u;";
  const alias = "alias Left = subgroup_matrix_left<f16, K, 8>; alias Lefts = array<Left, 4>;";
  expect(reflectLayout("matrices", `${matrices} ${alias} ${source}`)).toEqual(reflectLayout("scores", source));
});

test("parameters are written at the offsets and in the types of the shader", () => {
  const { params } = reflectLayout("scores", source);
  if (params === undefined) throw new Error("the shader has parameters");
  const view = new DataView(new ArrayBuffer(48));
  expect(writeParams(params, { shift: -1, beta: 0.5, rows: 2 ** 32 - 1 }, view, 16)).toBeUndefined();
  expect([view.getUint32(16, true), view.getFloat32(20, true), view.getInt32(24, true)]).toEqual([
    2 ** 32 - 1,
    0.5,
    -1,
  ]);
  expect(writeParams(params, { shift: 2 ** 31, beta: 0.5, rows: 1 }, view, 0)).toBe(
    "parameter shift is 2147483648, which is no i32",
  );
});

test("a program with two entry points, another group or a vector parameter is refused", () => {
  expect(() => reflectLayout("two", `${source} @compute @workgroup_size(1) fn other() {}`)).toThrow(
    /exactly one compute/,
  );
  expect(() => reflectLayout("group", source.replace("@group(0) @binding(3)", "@group(1) @binding(0)"))).toThrow(
    /group/,
  );
  expect(() => reflectLayout("vector", source.replace("beta: f32", "beta: vec2f"))).toThrow(/member beta of params/);
});
