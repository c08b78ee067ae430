/**
 * Tiles that fused kernels take in place of their defaults: found by `onsager tune`, and kept by a sweep for whoever goes on
 * with it.
 */
import { z } from "zod";
import { bucketOf, type Candidate, candidates, type ShapeBucket, shapeOfBucket } from "../kernels/candidates.js";
import {
  type AdapterTraits,
  type AttentionShape,
  type FusedKernel,
  fusedKernels,
  fusedStrategies,
} from "../kernels/strategies.js";
import { InputError } from "../physics/input-error.js";

export const tileChoiceSchema = z.strictObject({
  kernel: z.enum(fusedKernels),
  /** The bucket: the largest N, and the largest d and D. */
  sites: z.int().positive(),
  dimension: z.int().positive(),
  strategy: z.enum(fusedStrategies),
  /** By which the candidate differs from the default of its strategy. */
  change: z.record(z.string(), z.number()),
});

/** One kernel and bucket of shapes, and the candidate that it takes. */
export type TileChoice = Readonly<z.infer<typeof tileChoiceSchema>>;

/** What is kept of a choice that says more. */
export const tileChoiceOf = ({ kernel, sites, dimension, strategy, change }: TileChoice): TileChoice => ({
  kernel,
  sites,
  dimension,
  strategy,
  change,
});

export const placeOf = ({ kernel, sites, dimension }: { readonly kernel: FusedKernel } & ShapeBucket) =>
  `${kernel} ${sites} ${dimension}`;

/** Only what is in the table of candidates is ever run, whatever a file says: undefined where a choice is not. */
export function candidateOf(
  { kernel, strategy, change }: TileChoice,
  traits: AdapterTraits,
  shape: AttentionShape,
): Candidate | undefined {
  return candidates(kernel, traits, shape).find(
    (candidate) => candidate.strategy === strategy && isSameChange(candidate.change, change),
  );
}

function isSameChange(one: TileChoice["change"], other: TileChoice["change"]): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}

/**
 * What strategies are chosen by, where there are choices.
 * @throws InputError for a choice that is none of this adapter
 */
export function tunedBy(choices: readonly TileChoice[], traits: AdapterTraits): AdapterTraits["tuned"] {
  if (choices.length === 0) return undefined;
  for (const choice of choices) {
    if (candidateOf(choice, traits, shapeOfBucket(choice.kernel, choice))) continue;
    const { strategy, change } = choice;
    const found = `${strategy} ${JSON.stringify(change)} for ${placeOf(choice)}`;
    throw new InputError("tiles", found, "tiles that this version has for this adapter");
  }
  const places = new Map(choices.map((choice) => [placeOf(choice), choice]));
  return (kernel, shape) => {
    const bucket = bucketOf(shape);
    const choice = bucket && places.get(placeOf({ kernel, ...bucket }));
    const found = choice && candidateOf(choice, traits, shape);
    if (found === undefined) return undefined;
    const { strategy, precision, shader, tile } = found;
    return { kernel, strategy, precision, shader, tile };
  };
}
