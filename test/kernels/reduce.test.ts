import { expect, test } from "vitest";
import { softwareTiles, tiles } from "../../src/kernels/tiles.js";
import { REDUCE_CHUNK } from "../../src/reference/reduce.js";
import { compareWithTwin } from "./compare.js";

const both = [tiles.reduce, { ...softwareTiles.reduce }] as const;

test.each(both)("a workgroup of %o takes a chunk", (tile) => {
  expect((tile.WORKGROUP_SIZE ?? NaN) * (tile.TERMS ?? NaN)).toBe(REDUCE_CHUNK);
});

// The one that adapters like this one take, and that of the others.
compareWithTwin("reduce", [tiles.reduce]);
