/** From a system file, or a few numbers, to a system as numbers. */
import { dirname, resolve } from "node:path";
import { DEFAULT_MEMORY } from "../engine/devices.js";
import type { LoadArray } from "../engine/array-inputs.js";
import { realise, type System } from "../engine/realise.js";
import { readDocument } from "../files/documents.js";
import { readNpy } from "../files/npy.js";
import { InputError } from "../physics/input-error.js";
import { parseSystem, type SystemDescription } from "../physics/system.js";

/** A system and what it was drawn from. */
export interface LoadedSystem extends System {
  readonly seed: number;
  /** The disorder sample. */
  readonly sample: number;
}

export interface LoadOptions {
  /** In place of the seed of the file. */
  readonly seed?: number | undefined;
  /** Bytes that all arrays together may take on the device. */
  readonly memoryLimit?: number | undefined;
}

/**
 * @param path a YAML or JSON file; paths in it are relative to its folder
 * @throws InputError naming the file or the key, what was found and what is expected
 */
export async function loadSystem(path: string, options: LoadOptions = {}): Promise<LoadedSystem> {
  const document = await readDocument(path);
  const { seed } = options;
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  const value = isObject && seed !== undefined ? { ...document, seed } : document;
  return realiseWithin(parseSystem(value, path), documentLoader(path), path, options.memoryLimit);
}

/** Loads `.npy` files by their path relative to a folder. */
export function arrayLoader(folder: string): LoadArray {
  return (path) => readNpy(resolve(folder, path));
}

/** Loads `.npy` files by their path relative to a document. */
export function documentLoader(path: string): LoadArray {
  return arrayLoader(dirname(path));
}

/** Attention with random queries and keys on sphere spins in random directions, and no external field to hide behind. */
export interface AttentionShape {
  readonly sites: number;
  readonly dimension: number;
  readonly causal: boolean;
  /** 1/sqrt(dimension) unless given. */
  readonly scale?: number | undefined;
  readonly seed: number;
  readonly memoryLimit?: number | undefined;
}

/** @throws InputError in the words of the command line */
export async function attentionSystem(shape: AttentionShape): Promise<LoadedSystem> {
  const { sites, dimension, causal, seed } = shape;
  if (dimension < 3)
    throw new InputError("--d", String(dimension), "at least 3, as a sphere of the default radius has");
  const random = { kind: "gaussian", std: 1 };
  const description = {
    spins: { kind: "sphere", count: sites, dimension, response: "large-d" },
    couplings: {
      kind: "attention",
      queries: random,
      keys: random,
      scale: shape.scale ?? 1 / Math.sqrt(dimension),
      mask: causal ? "causal" : "none",
    },
    initial: { kind: "direction", norm: 0.5 },
    seed,
  };
  const noFiles: LoadArray = (path) => Promise.reject(new Error(`${path} is part of no drawn system`));
  return realiseWithin(parseSystem(description, "--attention"), noFiles, "--attention", shape.memoryLimit);
}

/** Realises a system unless its arrays alone, without any couplings, are already too large. */
async function realiseWithin(
  description: SystemDescription,
  load: LoadArray,
  context: string,
  memoryLimit = DEFAULT_MEMORY,
): Promise<LoadedSystem> {
  const { count = 0, couplings, spins, seed, sample } = description;
  const heads = couplings.kind === "attention" ? couplings.heads : 1;
  // The field, the state and its image, in f32.
  const bytes = 3 * 4 * count * heads * spins.components;
  if (bytes > memoryLimit) {
    throw new InputError(
      `${context}: spins.count`,
      `${count}, of which three arrays of states take ${bytes} bytes`,
      `what fits into --memory, ${memoryLimit} bytes`,
    );
  }
  return { ...(await realise(description, load, context)), seed, sample };
}
