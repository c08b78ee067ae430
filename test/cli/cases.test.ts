/** The published cases through the command line, with their arrays in .npy files: float64 on the CPU, f32 on the GPU. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readCase } from "../cases.js";
import { folder, npy, text } from "./folder.js";
import { invokeJson } from "./invoke.js";

type Vector = number[];
type Matrix = number[][];

interface Result {
  readonly status: string;
  readonly steps: number | null;
  readonly residual: number;
  readonly magnetization: Vector | Matrix;
  readonly trajectory?: (Vector | Matrix)[];
}

const binary = readCase<{
  inputs: { x: Vector; J: Matrix; m_prev: Vector };
  expected: Record<"naive" | "tap" | "ness_naive" | "ness_tap", Vector>;
}>("bal/03_binary_step");
interface SphereInputs {
  readonly D: number;
  readonly beta: number;
  readonly x: Matrix;
  readonly J: Matrix;
  readonly m_prev: Matrix;
}
const naive = readCase<{
  inputs: SphereInputs;
  expected: Record<"traj_largeD" | "traj_exact", Matrix[]> & Record<"ness_largeD" | "ness_exact", Matrix>;
}>("bal/06_vector_naive");
const closed = readCase<{
  inputs: SphereInputs;
  expected: Record<"published" | "strict" | "leading", { step: Matrix; ness: Matrix }> &
    Record<`gaussian_field_${"" | "exactphi_"}${"step" | "ness"}`, Matrix>;
}>("bal/07_vector_tap");

const R = Math.sqrt(3);

/**
 * f32 errors of one step, absolute: rounding, the inner solver for the second order. A fixed point has the error of its
 * step over 1 - ρ, ρ the contraction, and is left at a residual of 3e-7 R.
 */
const F32 = { binary: 2e-7, explicit: 1e-7 * R, naive: 5e-7, tap: 2e-6, steady: 1e-6 * R } as const;
const F64 = 1e-12;

beforeAll(async () => {
  await npy("binary-J.npy", binary.inputs.J);
  await npy("binary-x.npy", binary.inputs.x);
  await npy("binary-m.npy", binary.inputs.m_prev);
  const binaryCouplings = "{ kind: dense, matrix: binary-J.npy }";
  await text(
    "binary.yaml",
    `spins: { kind: binary }\ncouplings: ${binaryCouplings}\nfield: binary-x.npy\ninitial: binary-m.npy\n`,
  );
  for (const [name, { inputs }] of [["naive", naive] as const, ["closed", closed] as const]) {
    await npy(`${name}-J.npy`, inputs.J);
    await npy(`${name}-x.npy`, inputs.x);
    await npy(`${name}-m.npy`, inputs.m_prev);
    for (const response of ["large-d", "exact"]) {
      await text(
        `${name}-${response}.json`,
        JSON.stringify({
          spins: { kind: "sphere", dimension: inputs.D, response },
          beta: inputs.beta,
          couplings: { kind: "dense", matrix: `${name}-J.npy` },
          field: `${name}-x.npy`,
          initial: `${name}-m.npy`,
        }),
      );
    }
  }
});

function largestDifference(found: Vector | Matrix, expected: Vector | Matrix): number {
  const [left, right] = [found.flat(), expected.flat()];
  expect(left).toHaveLength(right.length);
  return Math.max(...left.map((value, k) => Math.abs(value - right[k])));
}

async function run(file: string, ...words: string[]): Promise<Result> {
  const { code, json } = await invokeJson<Result>("run", join(folder, file), ...words);
  expect(code).toBe(0);
  return json;
}

type Case = readonly [file: string, closure: string, step: Vector | Matrix, steady: Vector | Matrix, f32: number];
const { expected } = closed;
const CASES: readonly Case[] = [
  ["binary.yaml", "naive", binary.expected.naive, binary.expected.ness_naive, F32.binary],
  ["binary.yaml", "tap", binary.expected.tap, binary.expected.ness_tap, F32.binary],
  ["binary.yaml", "onsager", binary.expected.tap, binary.expected.ness_tap, F32.binary],
  ["naive-large-d.json", "naive", naive.expected.traj_largeD[0], naive.expected.ness_largeD, F32.naive],
  ["naive-exact.json", "naive", naive.expected.traj_exact[0], naive.expected.ness_exact, F32.naive],
  ["closed-large-d.json", "tap", expected.strict.step, expected.strict.ness, F32.tap],
  ["closed-large-d.json", "tap-published", expected.published.step, expected.published.ness, F32.tap],
  ["closed-large-d.json", "onsager", expected.leading.step, expected.leading.ness, F32.explicit],
  ["closed-large-d.json", "gaussian-field", expected.gaussian_field_step, expected.gaussian_field_ness, F32.explicit],
  [
    "closed-exact.json",
    "gaussian-field",
    expected.gaussian_field_exactphi_step,
    expected.gaussian_field_exactphi_ness,
    F32.explicit,
  ],
];

describe.each([["cpu"], ["gpu"]])("on the %s", (device) => {
  const choice = device === "cpu" ? ["--device", "cpu"] : [];

  test.each(CASES)("%s, %s: one step", async (file, closure, step, _, f32) => {
    const { magnetization, status, steps } = await run(file, "--closure", closure, "--steps", "1", ...choice);
    expect({ status, steps }).toEqual({ status: "completed", steps: 1 });
    expect(largestDifference(magnetization, step)).toBeLessThan(device === "cpu" ? F64 : f32);
  });

  test.each(CASES)("%s, %s: the steady state", async (file, closure, _, steady) => {
    const { magnetization, status, steps, residual } = await run(file, "--closure", closure, "--steady", ...choice);
    expect({ status, steps }).toEqual({ status: "converged", steps: null });
    expect(residual).toBeLessThan(device === "cpu" ? F64 : 1e-5);
    expect(largestDifference(magnetization, steady)).toBeLessThan(device === "cpu" ? F64 : F32.steady);
  });

  test.each([
    ["naive-large-d.json", naive.expected.traj_largeD],
    ["naive-exact.json", naive.expected.traj_exact],
  ])("%s: a trajectory has one entry a step", async (file, states) => {
    const { trajectory = [], magnetization } = await run(file, "--steps", "5", "--trajectory", ...choice);
    expect(trajectory).toHaveLength(5);
    expect(trajectory[4]).toEqual(magnetization);
    trajectory.forEach((state, t) => {
      expect(largestDifference(state, states[t])).toBeLessThan(device === "cpu" ? F64 : F32.naive);
    });
  });
});
