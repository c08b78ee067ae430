/** Cases of the kernel that stores the couplings of frozen attention. */
import { MASKS } from "../../../src/reference/scores.js";
import type { KernelCase } from "../../kernel-cases.js";
import { frozenStatistics, LOGITS, type LogitsName, relative, rowArrays } from "./attention-inputs.js";
import { Draws, input, makeCase, matrixRows, ODD_SIZES, output } from "./inputs.js";

type Stored = KernelCase<"attention-couplings">;

export function attentionCouplingsCase(
  params: Stored["params"],
  constants: Stored["constants"],
  logits: LogitsName = "normal",
): Stored {
  const { systems, systemsPerCoupling, rowCount, columns } = params;
  return makeCase<"attention-couplings">(params, constants, logits, () => {
    const inputs = rowArrays(new Draws(34), params, constants.MASK, logits);
    return {
      queries: input(inputs.queries),
      keys: input(inputs.keys),
      available: input(inputs.available),
      statistics: input(frozenStatistics(inputs, params, constants.MASK)),
      couplings: output(matrixRows(systems / systemsPerCoupling, rowCount, columns), relative),
    };
  });
}

const stored = (n: number, changes: Partial<Stored["params"]> = {}, MASK: number = MASKS.none, logits?: LogitsName) =>
  attentionCouplingsCase(
    { systems: 1, systemsPerCoupling: 1, rows: n, rowStart: 0, rowCount: n, columns: n, dimension: 5, ...changes },
    { MASK },
    logits,
  );

export const attentionCouplingsCases: readonly Stored[] = [
  ...[...ODD_SIZES, 130].map((n) => stored(n)),
  ...[1, 3, 17, 33, 65, 130].map((dimension) => stored(31, { dimension })),
  stored(7, { columns: 67 }),
  stored(13, { columns: 7, systems: 4, systemsPerCoupling: 2 }),
  ...[1, 3].map((systemsPerCoupling) => stored(13, { systems: 6, systemsPerCoupling })),
  ...(Object.keys(LOGITS) as LogitsName[]).slice(1).map((logits) => stored(66, {}, MASKS.none, logits)),
  // Blocks of rows hold no padding rows; masks count rows of the whole matrix.
  stored(7, { rowStart: 4, rowCount: 3, systems: 3, systemsPerCoupling: 3 }),
  stored(13, { rowStart: 4, rowCount: 5, systems: 6 }),
  ...[4, 13, 130].map((n) => stored(n, {}, MASKS.causal)),
  stored(66, { rowStart: 4, rowCount: 40 }, MASKS.causal, "logits ±1e3"),
  ...[5, 66].map((n) => stored(n, { systems: 3, systemsPerCoupling: 3 }, MASKS.user)),
  stored(66, { rowStart: 8, rowCount: 58 }, MASKS.user, "logits 300 + normal"),
];
