import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/files/npy.js";
import { attentionSystem, loadSystem } from "../../src/verify/load-system.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "system-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("arrays are found beside the system file", async () => {
  await writeNpy(join(folder, "J.npy"), [2, 2], [0, 1, 2, 3], "<f8");
  const path = join(folder, "system.yaml");
  await writeFile(path, "spins: { kind: binary }\ncouplings: { kind: dense, matrix: J.npy }\nfield: [0.5, -0.5]\n");
  const system = await loadSystem(path);
  expect(system).toMatchObject({ sites: 2, heads: 1, beta: 1, seed: 0 });
  expect(system.couplings).toEqual({ kind: "dense", matrix: Float64Array.of(0, 1, 2, 3) });
});

test("a seed replaces that of the file", async () => {
  const path = join(folder, "drawn.json");
  await writeFile(
    path,
    JSON.stringify({ spins: { kind: "binary", count: 3 }, couplings: { kind: "gaussian" }, seed: 4 }),
  );
  expect(await loadSystem(path)).toMatchObject({ seed: 4, couplings: { seed: 4 } });
  expect(await loadSystem(path, { seed: 9 })).toMatchObject({ seed: 9, couplings: { seed: 9 } });
});

test("states that cannot fit are refused before they are drawn", async () => {
  const shape = { sites: 2 ** 40, dimension: 64, causal: false, seed: 0 };
  await expect(attentionSystem(shape)).rejects.toThrow(/spins.count: found 1099511627776.*expected what fits/);
  await expect(attentionSystem({ ...shape, sites: 1000, memoryLimit: 1000 })).rejects.toThrow(/1000 bytes/);
});

test("random attention hides nothing behind a field", async () => {
  const system = await attentionSystem({ sites: 6, dimension: 4, causal: true, seed: 1 });
  expect(system).toMatchObject({ sites: 6, heads: 1, couplings: { kind: "attention", mask: "causal", scale: 0.5 } });
  expect(system.field.every((value) => value === 0)).toBe(true);
});
