import { pad } from "./layout.js";
import { tapMean } from "./tap-mean.js";

/** Twin of `shaders/pair-means.wgsl`: M_il / N and D_il of plefka2-t from the fields of every pair. */
export function pairMeans(
  arrays: {
    externalField: Float64Array;
    field: Float64Array;
    previous: Float64Array;
    betas: Float64Array;
    strengths: Float64Array;
    variances: Float64Array;
    shares: Float64Array;
    delayed: Float64Array;
  },
  params: { systems: number; sites: number },
): void {
  const { systems, sites } = params;
  const width = pad(sites);
  const block = sites * width;
  for (let index = 0; index < systems * block; index++) {
    const system = Math.floor(index / block);
    const column = index % width;
    arrays.shares[index] = 0;
    arrays.delayed[index] = 0;
    if (column >= sites) continue;
    const receiver = system * width + Math.floor((index % block) / width);
    const m = arrays.previous[system * width + column];
    const h = arrays.betas[receiver] * (arrays.externalField[receiver] + arrays.field[receiver]);
    const up = tapMean(h + arrays.strengths[index] * (1 - m), arrays.variances[index]);
    const down = tapMean(h - arrays.strengths[index] * (1 + m), arrays.variances[index]);
    arrays.shares[index] = (0.5 * ((1 + m) * up + (1 - m) * down)) / sites;
    arrays.delayed[index] = 0.5 * (1 - m) * (1 + m) * (up - down);
  }
}
