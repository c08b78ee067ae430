/** Loops that the host writes out. */
import { describe, expect, test } from "vitest";
import { unrollLoops } from "../../src/gpu/unroll.js";

/** Without the layout, which nobody reads. */
const words = (text: string) => text.split(/\s+/).filter(Boolean).join(" ");
const unrolled = (text: string) => words(unrollLoops(text, "a.wgsl"));

describe("a loop marked // @unroll", () => {
  test("is written out with its counter as a literal, and only there", () => {
    const text = "// @unroll\nfor (var x = 0u; x < 2u; x++) { sum += a[x] * v.x + max(x, 1u); }";
    expect(unrolled(text)).toBe("{ sum += a[0u] * v.x + max(0u, 1u); } { sum += a[1u] * v.x + max(1u, 1u); }");
  });

  test("takes bounds that are products and quotients of constants, rounded down as the shader rounds", () => {
    const head = "const LANES: u32 = 8u;\nconst ROWS: u32 = 20u;\nconst GROUPS: u32 = ROWS / LANES;\n";
    const loop = (bound: string) => `${head}// @unroll\nfor (var i = 0u; i < ${bound}; i++) { f(i); }`;
    const calls = (bound: string) =>
      [...unrolled(loop(bound)).matchAll(/f\((\d+)u\)/g)].map(([, index]) => Number(index));
    expect(calls("GROUPS")).toEqual([0, 1]);
    expect(calls("2u * GROUPS")).toEqual([0, 1, 2, 3]);
    expect(calls("LANES / 16u")).toEqual([]);
  });

  test("may hold others, also with the name of its counter, and braces", () => {
    const inner = "// @unroll\nfor (var i = 0u; i < 2u; i++) { if (c) { g(i, k); } }";
    const text = `// @unroll\nfor (var k = 0u; k < 2u; k++) {\n${inner}\n}`;
    expect([...unrolled(text).matchAll(/g\((\d)u, (\d)u\)/g)].map(([, i, k]) => `${i}${k}`)).toEqual([
      "00",
      "10",
      "01",
      "11",
    ]);
  });

  test("starts where it says", () => {
    expect(unrolled("// @unroll\nfor (var i = 2u; i < 4u; i++) { f(i); }")).toBe("{ f(2u); } { f(3u); }");
  });

  test("leaves what is not marked alone", () => {
    const text = "for (var i = 0u; i < 2u; i++) { f(i); }";
    expect(unrollLoops(text, "a.wgsl")).toBe(text);
  });

  test.each([
    ["// @unroll\nlet x = 1u;", 'a.wgsl: "// @unroll" stands before let x = 1u;'],
    [
      "// @unroll\nfor (var i = 0u; i < params.n; i++) { }",
      "the bound params.n of an unrolled loop is no u32 constant",
    ],
    ["// @unroll\nfor (var i = 0u; i < 2u; i++) { f(i);", 'a loop marked "// @unroll" has no end'],
  ])("is refused where it cannot be written out: %s", (text, message) => {
    expect(() => unrollLoops(text, "a.wgsl")).toThrow(message);
  });
});
