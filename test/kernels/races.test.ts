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
  "component-gram": { params: [2, 19, 5], arrays: [numbers(320), numbers(128)] },
  housekeeping: { params: [2, 1, 11, 1, 1], arrays: [264, 4, 24, 24].map(numbers), constants: { TILE: 2 } },
  "score-gaps": { params: [1, 2, 0, 2, 19], arrays: [numbers(40), numbers(8)] },
  "anderson-gram": { params: [1, 19, 1, 2], arrays: [numbers(38), numbers(25)] },
  "attention-field-sphere": {
    params: [1, 1, 11, 0, 11, 11, 8, 8, 2, 1],
    arrays: [96, 96, 4, 96, 24, 96, 24, 96].map(numbers),
    constants: { COLUMN_LANES: 2, ROWS: 8, KEYS: 8, SCORE_DEPTH: 4, VALUE_DEPTH: 4, VALUE_QUADS: 1 },
    lanes: 4,
  },
  "procedural-field-binary": {
    params: [2, 2, 5, 0, 5, 67],
    arrays: [numbers(4), numbers(4), numbers(136), numbers(136), numbers(16), numbers(16)],
  },
  "procedural-field-sphere": {
    params: [1, 1, 5, 0, 5, 67, 3, 1],
    arrays: [numbers(4), numbers(4), numbers(272), numbers(68), numbers(32), numbers(8)],
    constants: { COLUMN_QUADS: LANES, CHUNK: 1 },
  },
} as const;

/** The interpreter cannot assign to an array in a structure behind a pointer; their twins on two adapters must do. */
const beyondTheInterpreter: readonly KernelName[] = [
  "attention-field-binary",
  "attention-reaction",
  "attention-couplings",
];

const names = Object.keys(barrierKernels) as (keyof typeof barrierKernels)[];

/** Races that the interpreter of wgsl_reflect sees. Its numbers are not looked at: some of them are wrong. */
function racesIn(name: keyof typeof barrierKernels, source: string) {
  const { params, arrays } = barrierKernels[name];
  const bindings = Object.fromEntries(arrays.map((array, index) => [String(index + 1), array.slice()]));
  const uniform = { uniform: Uint32Array.from(params) };
  return detectRaces(readable(source), "main", [2], { "0": { "0": uniform, ...bindings } });
}

/**
 * The same program in words that the interpreter takes: it reserves the names `workgroup` and `block`, skips a barrier
 * that is the first statement of a `for` loop, and wants constants declared before they are used.
 */
function readable(source: string): string {
  const literal = /^const \w+: \w+ = [^;A-Z]+;.*$/gm;
  return [...(source.match(literal) ?? []), source.replace(literal, "")]
    .join("\n")
    .replace(/\bworkgroup\b(?!>)/g, "its_group")
    .replace(/\bblock\b/g, "its_block")
    .replace(/(for \(.*\{\s*)(workgroupBarrier)/g, "$1let first_statement = 0u; $2");
}

const assembled = (name: keyof typeof barrierKernels) => {
  const kernel = barrierKernels[name];
  const WORKGROUP_SIZE = "lanes" in kernel ? kernel.lanes : LANES;
  return assembleKernel(name, { WORKGROUP_SIZE, ...("constants" in kernel ? kernel.constants : {}) });
};

test("these are all the kernels with barriers", async () => {
  const { kernels } = await import("../../src/kernels/registry.js");
  const all = Object.keys(kernels) as KernelName[];
  const sources = await Promise.all(all.map(async (name) => ({ name, source: await assembleKernel(name) })));
  const shared = sources.filter(({ source }) => /Barrier\(\)|var<workgroup>/.test(source)).map(({ name }) => name);
  expect(shared.sort()).toEqual([...names, ...beyondTheInterpreter].sort());
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
