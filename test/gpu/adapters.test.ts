import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { AdapterCandidate, AdapterReport } from "../../src/gpu/adapter-report.js";
import { explainChoice, preferenceOrder } from "../../src/gpu/adapter-report.js";
import { listAdapters, openDevice } from "../../src/gpu/adapters.js";
import { DAWN_TOGGLES } from "../../src/gpu/dawn.js";
import { NoAdapterError } from "../../src/gpu/errors.js";

afterEach(() => vi.unstubAllEnvs());

test("every driver that was looked for is listed, and exactly one is chosen", async () => {
  const reports = await listAdapters();
  expect(reports.filter(({ chosen }) => chosen)).toHaveLength(1);
  const swiftShader = reports.find(({ name }) => name.includes("SwiftShader"));
  expect(swiftShader).toMatchObject({ kind: "package-software", backend: "vulkan", usable: true, subgroupMinSize: 4 });
  expect(swiftShader?.limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(10);
  for (const { usable, reason, name } of reports) expect(reason, `${name}, usable: ${usable}`).not.toBe("");
});

test("a part of the name, in any case, selects an adapter", async () => {
  const device = await openDevice({ select: "swiftSHADER" });
  expect(device.adapter).toMatchObject({ kind: "package-software", chosen: true, reason: 'selected by "swiftSHADER"' });
  expect(device.features).toContain("subgroups");
  expect(device.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
  device.dispose();
});

test("an unknown name is an error that lists the known ones", async () => {
  const failure = await openDevice({ select: "Voodoo" }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NoAdapterError);
  expect((failure as NoAdapterError).message).toMatch(/no adapter's name contains "Voodoo".*SwiftShader/);
});

test("a manifest that names no working driver is reported, and the environment is left as it was", async () => {
  vi.stubEnv("VK_DRIVER_FILES", join(import.meta.dirname, "no-driver.json"));
  const [report] = await listAdapters();
  expect(report).toMatchObject({ name: "no-driver.json", usable: false, chosen: false });
  expect(report.reason).toContain("Dawn accepts no device of no-driver.json");
  expect(process.env.VK_DRIVER_FILES).toContain("no-driver.json");
  expect(process.env.VK_ICD_FILENAMES).toBeUndefined();
});

test("hardware is preferred to the system's software, and that to a package", () => {
  const candidates = ["package-software", "system-software", "hardware"].map((kind) => candidate(kind));
  expect(preferenceOrder(candidates).map(({ report }) => report.kind)).toEqual([
    "hardware",
    "system-software",
    "package-software",
  ]);
  expect(explainChoice(candidates).map(({ reason }) => reason)).toEqual([
    "passed over for hardware (hardware)",
    "passed over for hardware (hardware)",
    "the first hardware adapter",
  ]);
  expect(explainChoice(candidates, "package").map(({ chosen }) => chosen)).toEqual([true, false, false]);
});

test("Dawn knows every toggle: it ignores the names that it does not know", () => {
  const folder = dirname(createRequire(import.meta.url).resolve("webgpu"));
  const target = process.platform === "darwin" ? "darwin-universal" : `${process.platform}-${process.arch}`;
  const binary = readFileSync(join(folder, "dist", target, "dawn.node"));
  for (const toggle of Object.values(DAWN_TOGGLES).flat()) {
    expect(binary.includes(`\0${toggle}\0`), toggle).toBe(true);
  }
});

function candidate(kind: string): AdapterCandidate {
  return { report: { name: kind, kind, usable: true, chosen: false, reason: "" } as unknown as AdapterReport };
}
