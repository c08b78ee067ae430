/** Puts partial runs of one specification together: blocks that overlap are found, compared and taken once. */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { InputError } from "../../physics/input-error.js";
import { readNpy } from "../../files/npy.js";
import { type AdapterTiles, tilesOf, withTiles } from "./adapter-tiles.js";
import type { BlockRecord } from "./block-record.js";
import { newManifest, requireSame, specificationHash } from "./manifest.js";
import { type FolderOutcome, outcomeOf } from "./outcome.js";
import { type DamagedBlock, RunFolder, stateOfFolder } from "./run-folder.js";

export interface Merged {
  /** Open; whoever called closes it. */
  readonly folder: RunFolder;
  readonly outcome: FolderOutcome;
  /** Blocks that stood in two folders or more, and those of them whose numbers differ between adapters. */
  readonly twice: number;
  readonly differing: readonly number[];
  readonly damaged: readonly DamagedBlock[];
}

/**
 * @param paths folders of the same specification, cut into blocks in the same way
 * @throws InputError if they are not, or if two runs of one adapter differ
 */
export async function mergeFolders(
  paths: readonly string[],
  { out, version }: { readonly out: string; readonly version: string },
): Promise<Merged> {
  if ((await stateOfFolder(out)) !== "free") throw new InputError(out, "a folder that is not empty", "a new folder");
  const parts: RunFolder[] = [];
  for (const path of paths) parts.push(await RunFolder.read(path));
  const [first, ...others] = parts;
  const own = first.manifest;
  for (const { path, manifest } of others) {
    for (const key of ["specification", "inputs", "strategy", "precision", "sizing", "refined"] as const) {
      requireSame(path, manifest[key], own[key], [key]);
    }
    if (specificationHash(manifest) !== specificationHash(own)) throw new Error(`${path} has another hash`);
  }
  const tiles = parts.reduce<readonly AdapterTiles[]>((all, { path, manifest }) => {
    for (const { adapter, choices } of manifest.tiles) {
      if (isDeepStrictEqual(tilesOf(all, adapter) ?? choices, choices)) continue;
      throw new InputError(path, `other tiles of ${adapter.name} than other parts have`, "the same, of one adapter");
    }
    return manifest.tiles.reduce(withTiles, all);
  }, []);
  const taken = new Map<number, { record: BlockRecord; part: RunFolder }>();
  const differing: number[] = [];
  let twice = 0;
  for (const part of parts) {
    for (const [block, record] of part.finished) {
      const before = taken.get(block);
      if (before === undefined) {
        taken.set(block, { record, part });
        continue;
      }
      twice++;
      if (isDeepStrictEqual(before.record.rows, record.rows)) continue;
      if (isDeepStrictEqual(before.record.adapter, record.adapter)) {
        throw new InputError(
          part.path,
          `other numbers in block ${block} than ${before.part.path} has`,
          "the same, of one adapter",
        );
      }
      differing.push(block);
    }
  }
  const { name, commit, specification, inputs, strategy, precision, sizing } = own;
  const manifest = newManifest({ name, version, commit, specification, inputs, strategy, precision, sizing });
  const sessions = parts.flatMap((part) => part.manifest.sessions);
  const files = new Map(
    Object.entries(inputs).map(([input, hash]) => [input, join(first.path, "inputs", `${hash}.npy`)]),
  );
  const folder = await RunFolder.start(out, { ...manifest, tiles, refined: own.refined, sessions }, files);
  try {
    for (const { record, part } of [...taken.values()].sort((one, other) => one.record.block - other.record.block)) {
      await folder.add({ record, ...(record.states !== undefined && { states: await statesOf(part, record) }) });
    }
    const damaged = parts.flatMap((part) => part.damaged);
    return { folder, outcome: await outcomeOf(folder), twice, differing, damaged };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function statesOf(part: RunFolder, { block }: BlockRecord): Promise<Float64Array[]> {
  const { shape, values } = await readNpy(part.statesFile(block));
  const [rows, length] = shape;
  return Array.from({ length: rows }, (_, row) => values.subarray(row * length, (row + 1) * length));
}
