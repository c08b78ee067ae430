/** `onsager shard SPEC --count n --out DIR`: a Slurm job array that computes a sweep in parts. */
import { dirname } from "node:path";
import { readDocument } from "../files/documents.js";
import { InputError } from "../physics/input-error.js";
import { planShards, writeShards } from "../sweep/fleet/shards.js";
import { stateOfFolder } from "../sweep/folder/run-folder.js";
import { cachedLoader } from "../sweep/run.js";
import { parseSweeps } from "../sweep/spec.js";
import { arrayLoader } from "../verify/load-system.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";

export interface ShardCommandOptions {
  readonly count: number;
  readonly out: string;
  /** Blocks to cut it into, at least. */
  readonly blocks?: number;
}

export async function shardCommand(
  path: string,
  options: ShardCommandOptions,
  { print, program }: Session,
): Promise<number> {
  const { count, out } = options;
  const sweeps = parseSweeps(await readDocument(path), path);
  if ((await stateOfFolder(out)) !== "free") throw new InputError(out, "a folder with files", "a new or empty folder");
  const load = cachedLoader(arrayLoader(dirname(path)));
  const { blocks, planned } = await planShards(sweeps, count, { load, context: path, ...options });
  const script = await writeShards(path, sweeps, { count, blocks, out });
  const cuts = sweeps.map(({ name }, k) => `${name}: ${planned[k]} blocks in ${count} part${count > 1 ? "s" : ""}`);
  const merges = sweeps.map(({ name }) => {
    const own = sweeps.length > 1 ? `/${name}` : "";
    return `  ${program} merge ${out}/shard-*${own} --out ${out}/merged${own}`;
  });
  print(`${cuts.join("\n")}\n\nto run:\n  sbatch ${script}\nand when all parts are done:\n${merges.join("\n")}`);
  return EXIT.done;
}
