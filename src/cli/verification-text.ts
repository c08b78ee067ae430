/** A verification as text. */
import type { VerificationReport } from "../verify/verify-step.js";
import { labelled, table } from "./text-layout.js";

/** Of a report whose `start` is random. */
export const RANDOM_START = "a random state drawn from the seed, since the one at hand vanishes";

export function verificationTable(report: VerificationReport): string {
  const { quantity, start, checked, rows, sites, unsolved, seed, allowed, pass } = report;
  const left = unsolved > 0 ? `, ${unsolved} without a root left out` : "";
  const number = (value: number) => value.toExponential(2);
  return [
    labelled("quantity", quantity),
    ...(start === "random" ? [labelled("start", RANDOM_START)] : []),
    labelled("checked", checked),
    labelled("rows", `${rows} of ${sites} in float64, chosen by seed ${seed}${left}`),
    "",
    table([
      ["relative error", "maximum", "RMS"],
      ["checked", number(report.maximumError), number(report.rmsError)],
      [`plain ${report.plainPrecision}`, number(report.plainMaximumError), number(report.plainRmsError)],
      ["allowed", number(allowed), ""],
    ]),
    "",
    pass ? "pass" : "FAIL",
  ].join("\n");
}
