/** No two lanes of a workgroup touch the same shared memory without a barrier between them. */
import { describe, expect, test } from "vitest";
import { detectRaces } from "wgsl_reflect/wgsl_reflect.module.js";
import type { KernelName } from "../../src/kernels/registry.js";
import { assembleKernel } from "./assemble.js";

const LANES = 8;
const numbers = (length: number) => Float32Array.from({ length }, (_, k) => (3 * k) % 7);

/** The kernels with barriers: bindings in order after the parameters, for two workgroups and more than one term a lane. */
const barrierKernels = {
  softmax: { params: [1, 2, 0, 2, 19], arrays: [numbers(40), numbers(40), numbers(16)] },
  reduce: { params: [2, 19, 20, 1, 1, 1], arrays: [numbers(40), numbers(2)] },
  "anderson-gram": { params: [1, 19, 1, 2], arrays: [numbers(38), numbers(25)] },
} as const;

const names = Object.keys(barrierKernels) as (keyof typeof barrierKernels)[];

/** Races that the interpreter of wgsl_reflect sees. Its numbers are not looked at: some of them are wrong. */
function racesIn(name: keyof typeof barrierKernels, source: string) {
  const { params, arrays } = barrierKernels[name];
  const bindings = Object.fromEntries(arrays.map((array, index) => [String(index + 1), array.slice()]));
  const uniform = { uniform: Uint32Array.from(params) };
  return detectRaces(readable(source), "main", [2], { "0": { "0": uniform, ...bindings } });
}

/**
 * The same program in words that the interpreter takes: it reserves the name `workgroup`, and skips a barrier that is the
 * first statement of a `for` loop.
 */
function readable(source: string): string {
  return source
    .replace(/\bworkgroup\b(?!>)/g, "group")
    .replace(/(for \(.*\{\s*)(workgroupBarrier)/g, "$1let first_statement = 0u; $2");
}

const assembled = (name: KernelName) => assembleKernel(name, { WORKGROUP_SIZE: LANES });

test("these are all the kernels with barriers", async () => {
  const { kernels } = await import("../../src/kernels/registry.js");
  const all = Object.keys(kernels) as KernelName[];
  const sources = await Promise.all(all.map(async (name) => ({ name, source: await assembleKernel(name) })));
  const shared = sources.filter(({ source }) => /Barrier\(\)|var<workgroup>/.test(source)).map(({ name }) => name);
  expect(shared.sort()).toEqual([...names].sort());
});

describe.each(names)("%s", (name) => {
  test("has no race", async () => {
    expect(racesIn(name, await assembled(name))).toEqual({ races: [], errors: [] });
  });

  test("needs each of its barriers", async () => {
    const source = await assembled(name);
    const barriers = [...source.matchAll(/workgroupBarrier\(\);/g)];
    expect(barriers.length).toBeGreaterThan(0);
    for (const { 0: barrier, index } of barriers) {
      const without = source.slice(0, index) + source.slice(index + barrier.length);
      expect(racesIn(name, without).races.length, `without the barrier at ${index}`).toBeGreaterThan(0);
    }
  });
});
