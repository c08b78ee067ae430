import { expect, test } from "vitest";
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";

const files: Record<string, string> = {
  "main.wgsl": "// @import lib/a.wgsl\n// @import lib/b.wgsl\nenable subgroups;\nconst TILE: u32 = 4u; // set\nmain",
  "lib/a.wgsl": "enable f16;\n// @import lib/b.wgsl\nconst SCALE: f32 = 1.0;\na",
  "lib/b.wgsl": "enable f16;\n// @import lib/a.wgsl\nconst FAST: bool = false;\nconst SHIFT: i32 = 0i;\nb",
};
const load = (path: string) => Promise.resolve(files[path]);

test("imports are included once, where they are first named, and directives come first", async () => {
  const lines = (await assembleShader(load, "main.wgsl", {})).split("\n");
  expect(lines.slice(0, 2)).toEqual(["enable f16;", "enable subgroups;"]);
  expect(lines.filter((line) => /^(main|a|b)$/.test(line))).toEqual(["b", "a", "main"]);
});

test("constants take their values, each written as its type", async () => {
  const constants = { TILE: 8, SCALE: 2, FAST: true, SHIFT: -3 };
  const source = await assembleShader(load, "main.wgsl", constants);
  expect(source).toContain("const TILE: u32 = 8u; // set");
  expect(source).toContain("const SCALE: f32 = 2.0f;");
  expect(source).toContain("const FAST: bool = true;");
  expect(source).toContain("const SHIFT: i32 = -3i;");
  expect(await assembleShader(load, "main.wgsl", { SCALE: 1e-7 })).toContain("const SCALE: f32 = 1e-7f;");
});

test("a constant that the shader lacks is an error, and so is a value of another type", async () => {
  await expect(assembleShader(load, "main.wgsl", { WIDTH: 8 })).rejects.toThrow(/main.wgsl has no line "const WIDTH/);
  await expect(assembleShader(load, "main.wgsl", { TILE: 1.5 })).rejects.toThrow(/TILE .* u32 and cannot be 1.5/);
  await expect(assembleShader(load, "main.wgsl", { FAST: 1 })).rejects.toThrow(/FAST .* bool and cannot be 1/);
  await expect(assembleShader(load, "main.wgsl", { SCALE: true })).rejects.toThrow(/SCALE .* f32 and cannot be true/);
});

test("text is read from a file", async () => {
  const url = new URL("../../shaders/lib/dispatch.wgsl", import.meta.url);
  expect(await loadText(url)).toContain("fn linear_workgroup");
});
