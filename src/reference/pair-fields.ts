import { pad } from "./layout.js";

/** Twin of `shaders/pair-fields.wgsl`: K_il and V_il of plefka2-t, in place of J D' Jᵀ and J C'. */
export function pairFields(
  arrays: {
    couplings: Float64Array;
    moments: Float64Array;
    echoes: Float64Array;
    previous: Float64Array;
    betas: Float64Array;
    strengths: Float64Array;
    variances: Float64Array;
  },
  params: { systems: number; sites: number; systemsPerCoupling: number },
): void {
  const { systems, sites, systemsPerCoupling } = params;
  const width = pad(sites);
  const block = sites * width;
  for (let index = 0; index < systems * block; index++) {
    const system = Math.floor(index / block);
    const column = index % width;
    if (column >= sites) {
      arrays.strengths[index] = 0;
      arrays.variances[index] = 0;
      continue;
    }
    const receiver = system * width + Math.floor((index % block) / width);
    const sender = system * width + column;
    const [beta, betaOfSender] = [arrays.betas[receiver], arrays.betas[sender]];
    const coupling = arrays.couplings[Math.floor(system / systemsPerCoupling) * block + (index % block)];
    const m = arrays.previous[sender];
    const direct = coupling * (1 - betaOfSender * arrays.echoes[sender]);
    arrays.strengths[index] = beta * (direct + betaOfSender * arrays.strengths[index]);
    const whole = arrays.moments[receiver];
    const rest = whole - 2 * coupling * arrays.variances[index] + coupling * coupling * (1 - m) * (1 + m);
    arrays.variances[index] = beta * beta * Math.max(rest, 0);
  }
}
