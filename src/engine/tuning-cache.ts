/**
 * What `onsager tune` found, kept in a file of this user's cache folder. Node only. Reading never fails: what cannot be
 * used is left out, and a note says so.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { cacheFolder } from "../gpu/cache-folder.js";
import { DAWN_TOGGLES } from "../gpu/dawn.js";
import type { GpuDevice } from "../gpu/device.js";
import { loadText } from "../gpu/shader-source.js";
import { shapeOfBucket } from "../kernels/candidates.js";
import { kernels } from "../kernels/registry.js";
import { strategyShaders } from "../kernels/strategy-shaders.js";
import { sharedShaders } from "../kernels/shared-shaders.js";
import type { AdapterTraits, FusedKernel } from "../kernels/strategies.js";
import { adapterTraits } from "./adapter-traits.js";
import { candidateOf, placeOf, type TileChoice, tileChoiceOf, tileChoiceSchema } from "./tile-choices.js";

const FORMAT = "onsager-tuning/1";

const choiceSchema = tileChoiceSchema.extend({
  precision: z.literal("f32"),
  /** Of the WGSL that was measured, see `shaderHash`. */
  shaders: z.string(),
  medianMs: z.number(),
  /** Of the default; null where that gave wrong numbers. */
  defaultMs: z.number().nullable(),
  /** When it was measured, ISO 8601. */
  date: z.string(),
});

/** One kernel and bucket of shapes, and the candidate that was the fastest. */
export type TunedChoice = z.infer<typeof choiceSchema>;

const keySchema = z.strictObject({
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
  driver: z.string(),
  backend: z.string(),
  onsager: z.string(),
  webgpu: z.string(),
  toggles: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
});

/** Everything beside kernel and shape that a choice depends on. */
export type TuningKey = z.infer<typeof keySchema>;

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  adapters: z.array(z.strictObject({ key: keySchema, choices: z.array(choiceSchema) })),
});

export type TuningFile = z.infer<typeof fileSchema>;

/** What an executor makes of the file. */
export interface Tuning {
  readonly tiles?: readonly TileChoice[];
  /** In words, what was found; absent where nobody has tuned anything. */
  readonly note?: string;
}

export function tuningPath(): string {
  return join(cacheFolder(), "tuning-1.json");
}

/** @returns the file, nothing if there is none, or a sentence that says what is wrong with it */
export async function readTuningFile(path: string): Promise<TuningFile | undefined | string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? undefined : `${path} cannot be read: ${message}`;
  }
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [{ path: place, message }] = parsed.error.issues;
    return `${path} is no ${FORMAT}: ${[place.join("."), message].filter((part) => part !== "").join(": ")}`;
  } catch (error) {
    return `${path} is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The entries of a file, and those of an adapter replaced. */
export function withChoices(file: TuningFile | undefined, key: TuningKey, choices: readonly TunedChoice[]): TuningFile {
  const adapters = file?.adapters ?? [];
  const known = adapters.find((entry) => isDeepStrictEqual(entry.key, key))?.choices ?? [];
  const isSame = (one: TunedChoice, other: TunedChoice) => placeOf(one) === placeOf(other);
  const kept = known.filter((old) => !choices.some((choice) => isSame(old, choice)));
  const others = adapters.filter((entry) => !isDeepStrictEqual(entry.key, key));
  return { format: FORMAT, adapters: [...others, { key, choices: [...kept, ...choices] }] };
}

export async function tuningKey({ adapter, limits }: GpuDevice): Promise<TuningKey> {
  const { vendor, architecture, device, description, driver, backend } = adapter;
  const { enable, matrices, disable } = DAWN_TOGGLES;
  return {
    vendor,
    architecture,
    device,
    description,
    driver,
    backend,
    onsager: await versionIn(new URL("../../package.json", import.meta.url)),
    webgpu: await versionIn(createRequire(import.meta.url).resolve("webgpu/package.json")),
    toggles: [...enable, ...matrices, ...disable.map((toggle) => `no ${toggle}`)],
    limits: { ...limits },
  };
}

async function versionIn(manifest: string | URL): Promise<string> {
  return (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version;
}

/** A hash of all WGSL that a kernel may consist of, in any strategy of f32. */
export async function shaderHash(kernel: FusedKernel): Promise<string> {
  const own = [kernels[kernel].shader, strategyShaders.subgroups[kernel], kernels["attention-merge"].shader];
  const urls = [...own, ...Object.values(sharedShaders)].filter((url) => url !== undefined);
  const hash = createHash("sha256");
  for (const url of urls) hash.update(await loadText(url)).update("\0");
  return hash.digest("hex");
}

/** What was tuned on this very adapter, with this driver, these versions and these shaders. */
export async function loadTuning(gpu: GpuDevice, path = tuningPath()): Promise<Tuning> {
  try {
    const file = await readTuningFile(path);
    if (file === undefined) return {};
    if (typeof file === "string") return { note: `defaults, since ${file}` };
    const key = await tuningKey(gpu);
    const entry = file.adapters.find((candidate) => isDeepStrictEqual(candidate.key, key));
    if (entry === undefined) return { note: `defaults: not tuned with this adapter, driver and version (${path})` };
    return await lookup(entry.choices, adapterTraits(gpu), path);
  } catch (error) {
    return { note: `defaults, since tuning cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function lookup(choices: readonly TunedChoice[], traits: AdapterTraits, path: string): Promise<Tuning> {
  const hashes = new Map<FusedKernel, string>();
  for (const kernel of new Set(choices.map((choice) => choice.kernel))) hashes.set(kernel, await shaderHash(kernel));
  const current = choices.filter(({ kernel, shaders }) => hashes.get(kernel) === shaders);
  const stale = new Set(choices.filter((choice) => !current.includes(choice)).map(({ kernel }) => kernel));
  const older = stale.size > 0 ? `, but with other shaders of ${[...stale].join(", ")}: tune again` : "";
  return {
    note: `tuned (${path})${older}`,
    // A candidate that is none is left out; a sweep would refuse it.
    tiles: current
      .filter((choice) => candidateOf(choice, traits, shapeOfBucket(choice.kernel, choice)))
      .map((choice) => tileChoiceOf(choice)),
  };
}
