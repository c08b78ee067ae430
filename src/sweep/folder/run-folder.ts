/**
 * The folder of one sweep. `manifest.json` says what was asked for, `blocks/` holds what is finished, a file a block, each
 * written once, whole and with its checksum, and `inputs/` the array files that the specification names. Tables, figures and
 * the report are made of these and may be made again at any time.
 */
import { copyFile, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { constants } from "node:fs";
import { join, resolve } from "node:path";
import { writeFileAtomically } from "../../files/atomic-file.js";
import { readInputText } from "../../files/input-file.js";
import { makeFolder } from "../../files/make-folder.js";
import { readNpy, writeNpy } from "../../files/npy.js";
import { explainOutputError } from "../../files/output-error.js";
import { sha256 } from "../../files/sealed-json.js";
import type { LoadArray } from "../../engine/array-inputs.js";
import { InputError } from "../../physics/input-error.js";
import type { Refined } from "../axes.js";
import type { BlockStore, FinishedBlock } from "../run.js";
import { type AdapterTiles, withTiles } from "./adapter-tiles.js";
import { type BlockRecord, decodeBlock, encodeBlock } from "./block-record.js";
import { FolderLock } from "./folder-lock.js";
import {
  MANIFEST_NAME,
  readManifest,
  sealManifest,
  specificationHash,
  type SweepManifest,
  type SweepOutcomeReport,
  type SweepSession,
} from "./manifest.js";

const BLOCKS = "blocks";
const INPUTS = "inputs";
const BLOCK_FILE = /^(\d+)\.json$/;

const blockName = (index: number) => String(index).padStart(5, "0");

/** A block file that cannot be used. */
export interface DamagedBlock {
  readonly file: string;
  readonly reason: string;
}

export class RunFolder implements BlockStore {
  readonly finished = new Map<number, BlockRecord>();
  /** Files that were found damaged when the folder was opened; their blocks are missing. */
  readonly damaged: DamagedBlock[] = [];

  private constructor(
    readonly path: string,
    private current: SweepManifest,
    private readonly lock: FolderLock | undefined,
  ) {}

  get manifest(): SweepManifest {
    return this.current;
  }

  get refined(): Refined {
    return this.current.refined;
  }

  /**
   * Starts a folder, which has to be absent or empty.
   * @param inputFiles paths of the array files, by the names that the specification has for them
   * @throws InputError where something else is, or another process works on it
   */
  static async start(
    path: string,
    manifest: SweepManifest,
    inputFiles: ReadonlyMap<string, string>,
  ): Promise<RunFolder> {
    await makeFolder(join(path, BLOCKS), path);
    const lock = await FolderLock.take(path);
    try {
      for (const [name, file] of inputFiles) await keepInput(path, manifest.inputs[name], file);
      const folder = new RunFolder(path, manifest, lock);
      await folder.writeManifest(manifest);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Opens a folder to go on with it: leftovers of a killed process are removed, and damaged block files set aside, under
   * their names with `.damaged` behind them.
   * @throws InputError if another process works on it, or its manifest was edited
   */
  static async resume(path: string): Promise<RunFolder> {
    const lock = await FolderLock.take(path);
    try {
      for (const place of [path, join(path, BLOCKS)]) {
        for (const name of await readdir(place)) {
          if (/^\..*\.partial-[0-9a-f]+$/.test(name)) await rm(join(place, name), { force: true });
        }
      }
      const folder = new RunFolder(path, await manifestOf(path), lock);
      await folder.readBlocks();
      for (const { file } of folder.damaged) await rename(file, `${file}.damaged`);
      return folder;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens a folder to read it; somebody else may be at work on it. */
  static async read(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path, await manifestOf(path), undefined);
    await folder.readBlocks();
    return folder;
  }

  /** The array files that the specification names, from the copies in the folder. */
  readonly load: LoadArray = async (name) => {
    const hash = this.current.inputs[name];
    const file = this.inputFile(name);
    const found = hash === undefined ? undefined : await hashOf(file);
    if (found !== hash) throw new InputError(file, "a file that has changed", `the copy of ${name} from the start`);
    return readNpy(file);
  };

  /** The copy of an array file. */
  inputFile(name: string): string {
    return join(this.path, INPUTS, `${this.current.inputs[name]}.npy`);
  }

  private async readBlocks(): Promise<void> {
    // Blocks were computed in this round of refinement or in an earlier one.
    const rounds = Array.from({ length: this.current.refined.length + 1 }, (_, round) => round);
    const specifications = new Set(rounds.map((round) => specificationHash(this.current, round)));
    for (const name of (await readdir(join(this.path, BLOCKS))).sort()) {
      const index = BLOCK_FILE.exec(name)?.[1];
      if (index === undefined || name !== `${blockName(Number(index))}.json`) continue;
      const file = join(this.path, BLOCKS, name);
      const record = decodeBlock(await readFile(file, "utf8"));
      const reason =
        typeof record === "string"
          ? record
          : !specifications.has(record.specification)
            ? "a block of another specification"
            : record.block !== Number(index)
              ? `block ${record.block} under another name`
              : await this.missingStates(record);
      if (reason !== undefined) this.damaged.push({ file, reason });
      else this.finished.set(Number(index), record as BlockRecord);
    }
  }

  private async missingStates({ block, states }: BlockRecord): Promise<string | undefined> {
    if (states === undefined) return undefined;
    const found = await hashOf(this.statesFile(block));
    return found === states ? undefined : `${this.statesFile(block)} is missing or damaged`;
  }

  /** Means of single sites of a block, [row][N · heads · D], in f32 or f64. */
  readonly statesFile = (block: number): string => join(this.path, BLOCKS, `${blockName(block)}.npy`);

  /** Keeps a finished block; one that is there already stays as it is. */
  async add({ record, states }: FinishedBlock): Promise<void> {
    const { block } = record;
    if (this.finished.has(block)) return;
    // Who computes for a queue is known by what comes back: with the tiles of the manifest, or else with the defaults.
    const tiles = withTiles(this.current.tiles, { adapter: record.adapter, choices: [] });
    if (tiles !== this.current.tiles) await this.writeManifest({ ...this.current, tiles });
    let hash: string | undefined;
    if (states) {
      const file = this.statesFile(block);
      const values = new Float64Array(states.reduce((sum, { length }) => sum + length, 0));
      states.forEach((state, k) => values.set(state, k * state.length));
      const type = record.adapter.precision === "f32" ? "<f4" : "<f8";
      await writeNpy(file, [states.length, values.length / states.length], values, type);
      hash = await hashOf(file);
    }
    const specification = specificationHash(this.current);
    const text = encodeBlock({ ...record, specification, ...(hash !== undefined && { states: hash }) });
    await writeFileAtomically(join(this.path, BLOCKS, `${blockName(block)}.json`), text);
    // What was written is what the tables are made of, now and after a resume.
    const kept = decodeBlock(text);
    if (typeof kept === "string") throw new Error(`block ${block} cannot be read back: ${kept}`);
    this.finished.set(block, kept);
  }

  async refine(refined: Refined): Promise<void> {
    await this.writeManifest({ ...this.current, refined });
  }

  /** Notes who works on the folder from now on, and with which tiles, unless the adapter has worked on it before. */
  async join(session: SweepSession, own?: AdapterTiles): Promise<void> {
    const { sessions, tiles } = this.current;
    const joined = { ...this.current, sessions: [...sessions, session] };
    await this.writeManifest(own ? { ...joined, tiles: withTiles(tiles, own) } : joined);
  }

  /** Writes a table, figure or report. */
  async write(name: string, contents: string | Uint8Array): Promise<void> {
    await writeFileAtomically(join(this.path, name), contents);
  }

  /** Says that nothing is missing any more; written last. */
  async finish(outcome: SweepOutcomeReport): Promise<void> {
    await this.writeManifest({ ...this.current, outcome });
  }

  private async writeManifest(manifest: SweepManifest): Promise<void> {
    await writeFileAtomically(join(this.path, MANIFEST_NAME), sealManifest(manifest));
    this.current = manifest;
  }

  /** Closes it, and takes it away if nothing was ever finished in it: what failed at once does not look begun. */
  async abandon(): Promise<void> {
    const blocks = await readdir(join(this.path, BLOCKS));
    if (!blocks.some((name) => name.includes(".json"))) {
      for (const name of [MANIFEST_NAME, BLOCKS, INPUTS]) {
        await rm(join(this.path, name), { recursive: true, force: true });
      }
    }
    await this.close();
    // Left where something else is in it.
    await rmdir(this.path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.lock?.release();
  }
}

async function manifestOf(path: string): Promise<SweepManifest> {
  const file = join(path, MANIFEST_NAME);
  return readManifest(file, await readInputText(file, "the manifest of a sweep"));
}

export async function hashOf(file: string): Promise<string | undefined> {
  try {
    return sha256(await readFile(file));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Names of array files do not name a place in the folder: they may lead anywhere. */
async function keepInput(path: string, hash: string, file: string): Promise<void> {
  const copy = join(path, INPUTS, `${hash}.npy`);
  await makeFolder(join(path, INPUTS), copy);
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw explainOutputError(copy, error);
  }
}

/** What stands at the place where a sweep is to go. */
export async function stateOfFolder(path: string): Promise<"free" | "sweep" | "results" | "other"> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return "free";
    if (code === "ENOTDIR") throw new InputError(resolve(path), "a file", "a folder");
    throw error;
  }
  // A process that was killed before it had written its manifest leaves these, but no block.
  const own = names.filter((name) => !name.startsWith(".") && name !== BLOCKS && name !== INPUTS);
  if (own.length === 0) {
    const blocks = names.includes(BLOCKS) ? await readdir(join(path, BLOCKS)) : [];
    return blocks.some((name) => BLOCK_FILE.test(name)) ? "sweep" : "free";
  }
  if (!names.includes(MANIFEST_NAME)) return "other";
  try {
    const manifest = JSON.parse(await readFile(join(path, MANIFEST_NAME), "utf8")) as { program?: unknown };
    if (manifest.program !== "onsager") return "other";
    return names.includes(BLOCKS) ? "sweep" : "results";
  } catch {
    return names.includes(BLOCKS) ? "sweep" : "other";
  }
}
