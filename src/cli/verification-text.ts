/** A verification as text. */
import type { VerificationReport } from "../verify/verify-step.js";
import { labelled, table } from "./text-layout.js";

export function verificationTable(report: VerificationReport): string {
  const { quantity, checked, rows, sites, unsolved, seed, allowed, pass } = report;
  const left = unsolved > 0 ? `, ${unsolved} without a root left out` : "";
  const number = (value: number) => value.toExponential(2);
  return [
    labelled("quantity", quantity),
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
