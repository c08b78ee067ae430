/** What the tuner kept reaches the runs that it is meant for, and nothing else does. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BatchLayout } from "../../src/engine/batch.js";
import { planAttention } from "../../src/engine/coupling-strategy.js";
import type { Executor } from "../../src/engine/executor.js";
import { tunedBy } from "../../src/engine/tile-choices.js";
import { loadTuning, type Tuning, type TuningFile, tuningKey } from "../../src/engine/tuning-cache.js";
import type { GpuDevice } from "../../src/gpu/device.js";
import { candidates } from "../../src/kernels/candidates.js";
import { type FusedKernel, kernelVariant } from "../../src/kernels/strategies.js";
import { saveTuning } from "../../src/verify/save-tuning.js";
import type { MeasuredCandidate } from "../../src/verify/tune.js";

const TRAITS = { software: false, subgroupSize: 32, workgroup: { invocations: 1024, bytes: 49152 } };
const BUCKET = { sites: 1024, dimension: 64 };
/** Of the bucket, and unlike the shape that was measured. */
const SHAPE = { sites: 700, dimension: 48, components: 33 };
const CHANGE = { ROW_GROUPS: 2, KEYS: 2 };

/** As much of a device as tells which one it is. */
function gpuOf(driver: string): GpuDevice {
  const adapter = {
    name: "GPU",
    kind: "hardware",
    vendor: "vendor",
    architecture: "architecture",
    device: "device",
    description: "driver 1.2",
    driver,
    backend: "vulkan",
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
  };
  const limits = {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupStorageSize: 49152,
  };
  return { adapter, limits, features: new Set(["subgroups"]) } as unknown as GpuDevice;
}

const gpu = gpuOf("driver.json");
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onsager-tuning-"));
  path = join(folder, "tuning.json");
  await save("attention-field-sphere");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function save(kernel: FusedKernel, change: Readonly<Record<string, number>> = CHANGE): Promise<void> {
  const winner: MeasuredCandidate = { strategy: "subgroups", change, tile: {}, medianMs: 1, rejected: undefined };
  const preset: MeasuredCandidate = { strategy: "portable", change: {}, tile: {}, medianMs: 2, rejected: undefined };
  await saveTuning(path, await tuningKey(gpu), [{ kernel, bucket: BUCKET, candidates: [preset, winner], winner }]);
}

/** A file with the contents of the saved one, changed. */
async function changed(name: string, change: (file: TuningFile) => unknown): Promise<string> {
  const file = JSON.parse(await readFile(path, "utf8")) as TuningFile;
  const target = join(folder, name);
  await writeFile(target, JSON.stringify(change(file)));
  return target;
}

const tunedOf = ({ tiles = [] }: Tuning) => tunedBy(tiles, TRAITS);
const sphere = (tuning: Tuning, shape = SHAPE) => tunedOf(tuning)?.("attention-field-sphere", shape);

test("a choice means the same candidate for every shape of its bucket, made for that shape", async () => {
  const tuning = await loadTuning(gpu, path);
  expect(tuning.note).toBe(`tuned (${path})`);
  const variant = sphere(tuning);
  const preset = kernelVariant("attention-field-sphere", "subgroups", TRAITS, SHAPE);
  if (typeof preset === "string") throw new Error(preset);
  expect(variant).toEqual({ ...preset, tile: { ...preset.tile, ROWS: 64, KEYS: 2 } });
  expect(sphere(tuning, { ...SHAPE, sites: 200 })).toBeUndefined();
  expect(sphere(tuning, { ...SHAPE, dimension: 100 })).toBeUndefined();
  expect(tunedOf(tuning)?.("attention-reaction", SHAPE)).toBeUndefined();
});

test("saving keeps other buckets and adapters, and replaces the same", async () => {
  const file = JSON.parse(await readFile(path, "utf8")) as TuningFile;
  const target = join(folder, "merged.json");
  await writeFile(target, JSON.stringify(file));
  const [first] = file.adapters[0].choices;
  const winner: MeasuredCandidate = { strategy: "portable", change: {}, tile: {}, medianMs: 3, rejected: undefined };
  const result = { kernel: first.kernel, candidates: [winner], winner };
  await saveTuning(target, await tuningKey(gpu), [{ ...result, bucket: { sites: 256, dimension: 16 } }]);
  await saveTuning(target, await tuningKey(gpuOf("other.json")), [{ ...result, bucket: BUCKET }]);
  await saveTuning(target, await tuningKey(gpu), [{ ...result, bucket: BUCKET }]);
  await saveTuning(target, await tuningKey(gpu), [{ ...result, bucket: BUCKET, winner: undefined }]);
  const { adapters } = JSON.parse(await readFile(target, "utf8")) as TuningFile;
  expect(
    adapters.map(({ key, choices }) => [key.driver, choices.map(({ sites, medianMs }) => [sites, medianMs])]),
  ).toEqual([
    ["other.json", [[1024, 3]]],
    [
      "driver.json",
      [
        [256, 3],
        [1024, 3],
      ],
    ],
  ]);
});

test("without a file there is nothing to say", async () => {
  expect(await loadTuning(gpu, join(folder, "absent.json"))).toEqual({});
});

test.each([
  ["text", "not json", /defaults, since .* is no JSON/],
  ["half a file", '{"format": "onsager-tuning/1", "adapters": [', /is no JSON/],
  ["another version", '{"format": "onsager-tuning/2", "adapters": []}', /is no onsager-tuning\/1: format/],
  ["a wrong shape", '{"format": "onsager-tuning/1", "adapters": {}}', /is no onsager-tuning\/1: adapters/],
])("%s in its place leaves the defaults, with a note, and is replaced by the next tuning", async (name, text, note) => {
  const broken = join(folder, `${name}.json`);
  await writeFile(broken, text);
  const tuning = await loadTuning(gpu, broken);
  expect(tuning.note).toMatch(note);
  expect(tuning.tiles).toBeUndefined();
  await saveTuning(broken, await tuningKey(gpu), []);
  expect((await loadTuning(gpu, broken)).note).toBe(`tuned (${broken})`);
});

test("a folder in its place leaves the defaults, with a note", async () => {
  const taken = join(folder, "taken.json");
  await mkdir(taken);
  expect((await loadTuning(gpu, taken)).note).toMatch(/defaults, since .*taken.json cannot be read/);
});

test("another driver, version, limit or toggle leaves the defaults, with a note", async () => {
  const note = (file: string) => `defaults: not tuned with this adapter, driver and version (${file})`;
  expect(await loadTuning(gpuOf("newer.json"), path)).toEqual({ note: note(path) });
  for (const [name, value] of Object.entries({ onsager: "0.0.0", webgpu: "0.0.0", toggles: [], limits: {} })) {
    const other = await changed("foreign.json", ({ format, adapters: [{ key, choices }] }) => {
      return { format, adapters: [{ key: { ...key, [name]: value }, choices }] };
    });
    expect(await loadTuning(gpu, other)).toEqual({ note: note(other) });
  }
});

test("other shaders, and a candidate that is none, leave the default", async () => {
  const withChoice = (name: string, change: object) =>
    changed(name, ({ format, adapters: [{ key, choices }] }) => {
      return { format, adapters: [{ key, choices: choices.map((choice) => ({ ...choice, ...change })) }] };
    });
  const stale = await loadTuning(gpu, await withChoice("stale.json", { shaders: "0" }));
  expect(stale.note).toMatch(/tuned \(.*\), but with other shaders of attention-field-sphere: tune again/);
  expect(sphere(stale)).toBeUndefined();
  const invented = await loadTuning(gpu, await withChoice("invented.json", { change: { ROW_GROUPS: 2, KEYS: 64 } }));
  expect(sphere(invented)).toBeUndefined();
});

test("a plan takes the tuned variant if the strategy is left to it, and the reaction follows", async () => {
  const spins = { kind: "sphere", components: 33, radius: 1, response: "large-d" } as const;
  const features = { source: "given", queries: new Float64Array(), keys: new Float64Array() } as const;
  const layout = new BatchLayout({
    spins,
    sites: 700,
    heads: 1,
    couplings: [{ kind: "attention", scale: 1, mask: "none", heads: 1, dimension: 48, features }],
    points: [[{ beta: 1, field: new Float64Array(), initial: new Float64Array() }]],
  });
  const plan = async (asked: "auto" | "portable" | "stored") => {
    const tuned = tunedOf(await loadTuning(gpu, path));
    const executor = { device: { kind: "hardware" }, traits: { ...TRAITS, tuned } } as unknown as Executor;
    return planAttention(executor, layout, 48, { strategy: asked }, true);
  };
  const field = sphere(await loadTuning(gpu, path));
  const [own, other] = (["subgroups", "portable"] as const).map((strategy) =>
    kernelVariant("attention-reaction", strategy, TRAITS, SHAPE),
  );
  expect(await plan("auto")).toEqual({ kind: "fused", name: "subgroups", variants: { field, reaction: own } });
  expect(await plan("stored")).toEqual({ kind: "stored" });
  const portable = kernelVariant("attention-field-sphere", "portable", TRAITS, SHAPE);
  const asked = { kind: "fused", name: "portable", variants: { field: portable, reaction: other } };
  expect(await plan("portable")).toEqual(asked);

  await save("attention-reaction", { ROW_GROUPS: 1, KEYS: 4 });
  const reaction = candidates("attention-reaction", TRAITS, SHAPE).find(({ change }) => change.KEYS === 4);
  expect(await plan("auto")).toMatchObject({ variants: { field, reaction: { tile: reaction?.tile } } });
});
