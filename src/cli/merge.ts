/** `onsager merge DIR… --out DIR`: partial runs of one specification put together. */
import { mergeFolders } from "../sweep/folder/merge.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";
import { labelled } from "./text-layout.js";

export interface MergeCommandOptions {
  readonly out: string;
  readonly version: string;
  /** The command as it was typed, for the manifest. */
  readonly command: string;
}

/** @returns 0, or 3 if blocks or rounds of refinement are still missing */
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
    const { blocks, planned, refining, sweep, adapters, adapterOfRow } = outcome;
    if (adapters.length > 1) {
      session.print("adapters differ, which the column adapter of results says:");
      adapters.forEach(({ name, driver, precision }, k) => {
        const rows = adapterOfRow.filter((own) => own === k).length;
        session.print(labelled(`${rows} rows`, `${name} (${driver}), ${precision}`, 2));
      });
    }
    if (blocks < planned) {
      session.print(
        `${sweep.name}: ${blocks} of ${planned} blocks, in ${folder.path}; sweep --resume computes the others`,
      );
      return EXIT.notConverged;
    }
    if (refining) {
      session.print(
        `${sweep.name}: all ${planned} blocks of the rounds so far, in ${folder.path}; sweep --resume goes on refining`,
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
