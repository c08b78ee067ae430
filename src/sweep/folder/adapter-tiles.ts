/**
 * Which tiles an adapter takes in a sweep: those in force when it first worked on the folder. Whoever goes on takes them from the
 * manifest, so that tuning in between changes no number.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type TileChoice, tileChoiceSchema } from "../../engine/tile-choices.js";
import { adapterSchema } from "./block-record.js";

export const adapterTilesSchema = z.strictObject({
  adapter: adapterSchema,
  /** None: the defaults. */
  choices: z.array(tileChoiceSchema),
});

export type AdapterTiles = Readonly<z.infer<typeof adapterTilesSchema>>;

type Adapter = AdapterTiles["adapter"];

/** Undefined for an adapter that has not worked on the sweep yet. */
export const tilesOf = (all: readonly AdapterTiles[], adapter: Adapter): readonly TileChoice[] | undefined =>
  all.find((own) => isDeepStrictEqual(own.adapter, adapter))?.choices;

/** The list with those of one more adapter, unless it has some already. */
export const withTiles = (all: readonly AdapterTiles[], more: AdapterTiles): readonly AdapterTiles[] =>
  tilesOf(all, more.adapter) ? all : [...all, more];
