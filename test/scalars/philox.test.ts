import { beforeAll, describe, expect, test } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.js";
import { COUNTER_LAYOUT, openUniform, philox4x32 } from "../../src/reference/philox.js";
import { sharedDevice } from "../device.js";
import { evaluate, evaluateWords } from "./evaluate.js";

/** Counter, key and words of the Random123 distribution's known answers for philox4x32-10. */
const KNOWN_ANSWERS = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const;

const WORDS = ["x", "y", "z", "w"];
const EDGES = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

let device: GpuDevice;

beforeAll(async () => {
  device = await sharedDevice();
});

function twin(counter: ArrayLike<number>, key: ArrayLike<number>): number[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return [...out];
}

describe("philox4x32", () => {
  test.each(KNOWN_ANSWERS)("known answer of counter %j, key %j", async (counter, key, answer) => {
    expect(twin(counter, key)).toEqual(answer);
    const expressions = WORDS.map((word) => `philox4x32(words, vec2u(${key[0]}u, ${key[1]}u)).${word}`);
    const points = Uint32Array.from(counter);
    const words = await evaluateWords(device, { imports: ["lib/philox.wgsl"], expressions, points });
    expect(words.map(([word]) => word)).toEqual(answer);
  });

  test("counter, key and output may share memory", () => {
    const counter = Uint32Array.from(KNOWN_ANSWERS[2][0]);
    philox4x32(counter, Uint32Array.from(KNOWN_ANSWERS[2][1]), counter);
    expect([...counter]).toEqual(KNOWN_ANSWERS[2][2]);
  });

  test("shader and twin agree bit for bit on 65 536 words", async () => {
    const count = 16384;
    const points = new Uint32Array(4 * count);
    const key = [0x12345678, 0x9abcdef0] as const;
    // Half of them counters as matrices use them, half arbitrary words: the generator's own output.
    for (let index = 0; index < count; index++) {
      const counter = [index % 256, Math.floor(index / 256), EDGES[index % 8], EDGES[Math.floor(index / 8) % 8]];
      points.set(index % 2 === 0 ? counter : twin(counter, [1, 2]), 4 * index);
    }
    const expressions = WORDS.map((word) => `philox4x32(words, vec2u(${key[0]}u, ${key[1]}u)).${word}`);
    const words = await evaluateWords(device, { imports: ["lib/philox.wgsl"], expressions, points });
    let differing = 0;
    for (let index = 0; index < count; index++) {
      const expected = twin(points.subarray(4 * index, 4 * index + 4), key);
      for (let word = 0; word < 4; word++) if (words[word][index] !== expected[word]) differing++;
    }
    expect(differing).toBe(0);
  });

  test("four counters that differ in their second word give the words of each", async () => {
    const rows = [0, 7, 0xfffffffe, 123456789];
    const points = Uint32Array.from(rows);
    const key = [0x12345678, 0x9abcdef0] as const;
    const expressions = WORDS.flatMap((_, word) =>
      WORDS.map((row) => `philox4x32_rows(0xdeadbeefu, words, 11u, 3u, vec2u(${key[0]}u, ${key[1]}u))[${word}].${row}`),
    );
    const found = await evaluateWords(device, { imports: ["lib/philox.wgsl"], expressions, points });
    const expected = WORDS.flatMap((_, word) => rows.map((row) => twin([0xdeadbeef, row, 11, 3], key)[word]));
    expect(found.map(([value]) => value)).toEqual(expected);
  });

  test("the counter layout has a name", () => {
    expect(COUNTER_LAYOUT).toBe("philox4x32-10/3");
  });
});

describe("openUniform", () => {
  test("stays inside (0, 1) and is the same in f32", async () => {
    const samples = Array.from({ length: 1024 }, (_, index) => twin([index, 0, 0, 0], [3, 4])[0]);
    const values = [...EDGES, ...samples];
    const points = new Uint32Array(4 * values.length);
    values.forEach((word, index) => (points[4 * index] = word));
    const expressions = ["open_uniform(words.x)"];
    const [numbers] = await evaluate(device, { imports: ["lib/philox.wgsl"], expressions, points });
    expect([...numbers]).toEqual(values.map(openUniform));
    expect(openUniform(0)).toBe(2 ** -24);
    expect(openUniform(0xffffffff)).toBe(1 - 2 ** -24);
  });
});
