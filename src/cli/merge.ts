/** `onsager merge DIR… --out DIR`: partial runs of one specification put together. */
import { mergeFolders } from "../sweep/folder/merge.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";

export interface MergeCommandOptions {
  readonly out: string;
  readonly version: string;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
}

/** @returns 0, or 3 if blocks are still missing */
export async function mergeCommand(
  folders: readonly string[],
  options: MergeCommandOptions,
  session: Session,
): Promise<number> {
  const { folder, outcome, twice, differing, damaged } = await mergeFolders(folders, options);
  try {
    for (const { file, reason } of damaged) session.note(`onsager: ${file}: found ${reason}; left out`);
    if (twice > 0) session.print(`${twice} blocks stood in two folders and were taken once`);
    if (differing.length > 0) {
      session.print(`${differing.length} of these differ, being of different adapters; the first folder's were taken`);
    }
    const { blocks, planned, sweep } = outcome;
    if (blocks < planned) {
      session.print(
        `${sweep.name}: ${blocks} of ${planned} blocks, in ${folder.path}; sweep --resume computes the others`,
      );
      return EXIT.notConverged;
    }
    const { writeTables, describeOutcome } = await import("../sweep/write.js");
    await writeTables(folder, outcome);
    await folder.finish(describeOutcome(outcome));
    session.print(`${sweep.name}: all ${planned} blocks, with tables and figures in ${folder.path}`);
    return EXIT.done;
  } finally {
    await folder.close();
  }
}
