/** Parts of a sweep as the jobs of a Slurm array: a folder with a copy of the specification, its arrays, and the script. */
import { copyFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { LoadArray } from "../../engine/array-inputs.js";
import { writeFileAtomically } from "../../files/atomic-file.js";
import { makeFolder } from "../../files/make-folder.js";
import { InputError } from "../../physics/input-error.js";
import { planBlocks, settleSites, sizeBlocks } from "../blocks.js";
import { inputsOf } from "../folder/begin.js";
import type { Sweep } from "../spec.js";

/** Blocks that a part gets, at least, where there are so many: what a preempted job loses is one of them. */
const BLOCKS_A_PART = 8;

const SPECIFICATION = "specification";

export const SHARD_SCRIPT = "array.sh";

export interface ShardPlan {
  /** For `--blocks`: the same cut on every machine, whatever its device. */
  readonly blocks: number;
  /** How many blocks there are, sweep by sweep. */
  readonly planned: readonly number[];
}

/** @throws InputError for a sweep that cannot be parted */
export async function planShards(
  sweeps: readonly Sweep[],
  count: number,
  { load, context, blocks }: { readonly load: LoadArray; readonly context: string; readonly blocks?: number },
): Promise<ShardPlan> {
  const wanted = blocks ?? BLOCKS_A_PART * count;
  const planned: number[] = [];
  for (const sweep of sweeps) {
    refuseRefinement(sweep, context);
    const sites = await settleSites(sweep, load, context);
    const cut = planBlocks(sweep, sites, sizeBlocks(sweep, sites, { kind: "hardware" }, { blocks: wanted }));
    if (cut.length < count) {
      throw new InputError("--count", `${count} parts of ${sweep.name}`, `at most ${cut.length}, as many as blocks`);
    }
    planned.push(cut.length);
  }
  return { blocks: wanted, planned };
}

/** Where more points go depends on all results, which no part has: a script of parts alone would not finish the sweep. */
function refuseRefinement({ name, input }: Pick<Sweep, "name" | "input">, context: string): void {
  if (input.refine === undefined) return;
  throw new InputError(
    `${context}: refine`,
    `it in ${name}, which is to be computed in parts`,
    "a specification without it, or --queue or --workers, which can refine",
  );
}

/**
 * Writes the folder.
 * @param path the specification
 * @returns where the script is
 */
export async function writeShards(
  path: string,
  sweeps: readonly Sweep[],
  { count, blocks, out }: { readonly count: number; readonly blocks: number; readonly out: string },
): Promise<string> {
  const base = dirname(resolve(path));
  const names = new Set(sweeps.flatMap((sweep) => inputsOf(sweep)));
  // Absolute names lead to the same file from anywhere; relative ones keep their places around the specification.
  const files = [resolve(path), ...[...names].filter((name) => !isAbsolute(name)).map((name) => resolve(base, name))];
  const root = commonFolder(files.map((file) => dirname(file)));
  const placeOf = (file: string) => join(SPECIFICATION, relative(root, file));
  for (const file of files) {
    const copy = join(out, placeOf(file));
    await makeFolder(dirname(copy), copy);
    await copyFile(file, copy);
  }
  const script = join(out, SHARD_SCRIPT);
  await writeFileAtomically(
    script,
    scriptOf({ count, blocks, folder: resolve(out), spec: placeOf(resolve(path)), name: basename(path) }),
  );
  return script;
}

function commonFolder(folders: readonly string[]): string {
  const [first, ...rest] = folders.map((folder) => folder.split(sep));
  const differs = first.findIndex((part, k) => rest.some((other) => other[k] !== part));
  return (differs < 0 ? first : first.slice(0, differs)).join(sep) || sep;
}

interface ScriptFields {
  readonly count: number;
  readonly blocks: number;
  readonly folder: string;
  readonly spec: string;
  readonly name: string;
}

function scriptOf({ count, blocks, folder, spec, name }: ScriptFields): string {
  const job = `onsager-${name.replace(/\.[^.]*$/, "").replace(/[^\w.-]/g, "-")}`;
  return `#!/usr/bin/env bash
#SBATCH --job-name=${job}
#SBATCH --array=0-${count - 1}
#SBATCH --output=slurm-%A_%a.log
#SBATCH --requeue
# What a part needs on your cluster: a partition, a time limit, and for a GPU
# #SBATCH --gres=gpu:1
set -euo pipefail
cd ${quoted(folder)}
# A part that was stopped goes on where it was. --blocks cuts every part alike on any device.
exec onsager sweep ${quoted(spec)} --shard "$SLURM_ARRAY_TASK_ID/${count}" --blocks ${blocks} \\
  --out "shard-$SLURM_ARRAY_TASK_ID" --resume
`;
}

/** One word for the shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
