/** What every manifest says about the run behind the results, beside its device. */
import { COUNTER_LAYOUT } from "../reference/philox.js";

export interface RunIdentity {
  readonly version: string;
  /** The command as it was typed. */
  readonly command: string;
}

export function provenance({ version, command }: RunIdentity) {
  return {
    version,
    command,
    finished: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    randomNumbers: COUNTER_LAYOUT,
  };
}
