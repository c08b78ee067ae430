/** Whether anything in a system is drawn at random, so that one disorder sample differs from the next. */
import type { ArrayInput, MatrixInput } from "./arrays.js";
import type { SystemDescription } from "./system.js";

export function hasDisorder({ couplings, field, initial }: SystemDescription): boolean {
  return isDrawnCouplings(couplings) || isDrawn(field) || isDrawn(initial);
}

function isDrawnCouplings(couplings: SystemDescription["couplings"]): boolean {
  switch (couplings.kind) {
    case "gaussian":
    case "plus-minus":
      return couplings.std > 0;
    case "diluted":
    case "random-softmax":
      return true;
    case "mixed-signs":
      return couplings.fraction > 0 && couplings.fraction < 1;
    case "species":
      return couplings.std?.flat().some((std) => std > 0) ?? false;
    case "hopfield":
      return couplings.patterns === undefined;
    case "attention":
      return [couplings.queries, couplings.keys, couplings.weights?.query, couplings.weights?.key].some(isDrawn);
    case "dense":
    case "curie-weiss":
    case "ring":
      return false;
  }
}

/** Arrays that are given are not. */
function isDrawn(input: ArrayInput | MatrixInput | undefined): boolean {
  if (typeof input !== "object" || !("kind" in input)) return false;
  switch (input.kind) {
    case "uniform":
      return input.halfWidth > 0;
    case "gaussian":
      return input.std > 0;
    case "direction":
      return input.norm > 0;
    case "pattern":
      return Math.abs(input.overlap) < 1;
    case "zero":
    case "constant":
    case "field":
      return false;
  }
}
