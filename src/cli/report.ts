/** `onsager report DIR`: tables, figures and the report of a sweep, made again from its blocks. */
import { sweepFolders } from "../sweep/folder/collection.js";
import { outcomeOf } from "../sweep/folder/outcome.js";
import { RunFolder } from "../sweep/folder/run-folder.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";

/** @returns 0, or 3 if blocks are missing and the report says so */
export async function reportCommand(path: string, session: Session): Promise<number> {
  const { writeTables } = await import("../sweep/write.js");
  let missing = 0;
  for (const place of await sweepFolders(path)) {
    const folder = await RunFolder.read(place);
    for (const { file, reason } of folder.damaged) session.note(`onsager: ${file}: found ${reason}; left out`);
    const outcome = await outcomeOf(folder);
    const { files } = await writeTables(folder, outcome);
    missing += outcome.planned - outcome.blocks + Number(outcome.refining);
    const round = outcome.refining ? ", before the next round of refinement" : "";
    const whole = outcome.blocks === outcome.planned ? round : `, of ${outcome.blocks} of ${outcome.planned} blocks`;
    session.print(`${place}: ${files.length} files${whole}`);
  }
  return missing === 0 ? EXIT.done : EXIT.notConverged;
}
