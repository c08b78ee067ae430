/** Evaluates functions of shaders/lib on the GPU at a list of points, one thread a point. */
import type { GpuDevice } from "../../src/gpu/device.js";
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";

const WORKGROUP_SIZE = 64;
const FILE = "evaluation.wgsl";

export interface Evaluation {
  /** Files under `shaders`. */
  readonly imports: readonly string[];
  /** Module-scope text, such as the constants that an imported file expects. */
  readonly declarations?: string;
  /** Statements before the expressions, for functions that return a struct. */
  readonly statements?: string;
  /** Scalars made from the point: `x`, a vec4f, or `words`, the same bits as a vec4u. */
  readonly expressions: readonly string[];
  /** Four numbers a point. */
  readonly points: Float32Array | Uint32Array;
}

/** The values [expression][point] of f32 expressions. */
export async function evaluate(device: GpuDevice, evaluation: Evaluation): Promise<Float32Array[]> {
  const words = await evaluateWords(device, evaluation);
  return words.map(({ buffer }) => new Float32Array(buffer));
}

/** The bits [expression][point] of expressions of any scalar type. */
export async function evaluateWords(device: GpuDevice, evaluation: Evaluation): Promise<Uint32Array<ArrayBuffer>[]> {
  const { expressions, points } = evaluation;
  const count = points.length / 4;
  const program = { name: expressions.join(", "), source: await mapKernel(evaluation) };
  const pointArray = device.createArray("points", points.length);
  const results = device.createArray("results", count * expressions.length);
  try {
    device.write(pointArray, points);
    const workgroups = Math.ceil(count / WORKGROUP_SIZE);
    const bindings = { points: pointArray, results };
    await device.submit([{ kind: "dispatch", program, bindings, params: {}, workgroups, shapes: `${count} points` }]);
    const words = await device.readWords(results);
    return expressions.map((_, index) => words.slice(index * count, (index + 1) * count));
  } finally {
    pointArray.destroy();
    results.destroy();
  }
}

/** Points of four numbers out of rows of up to four, rounded to f32. */
export function pointsOf(rows: readonly (readonly number[])[]): Float32Array {
  const points = new Float32Array(4 * rows.length);
  rows.forEach((row, index) => points.set(row, 4 * index));
  return points;
}

function mapKernel({ imports, declarations = "", statements = "", expressions }: Evaluation): Promise<string> {
  const source = `
${imports.map((path) => `// @import ${path}`).join("\n")}
${declarations}
@group(0) @binding(0) var<storage, read> points: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> results: array<u32>;
@compute @workgroup_size(${WORKGROUP_SIZE})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let count = arrayLength(&points);
  if (id.x >= count) { return; }
  let words = points[id.x];
  let x = bitcast<vec4f>(words);
  ${statements}
  ${expressions.map((text, index) => `results[${index}u * count + id.x] = bitcast<u32>(${text});`).join("\n  ")}
}`;
  const folder = new URL("../../shaders/", import.meta.url);
  const load = (path: string) => (path === FILE ? Promise.resolve(source) : loadText(new URL(path, folder)));
  return assembleShader(load, FILE, {});
}
