import { pad } from "./layout.js";

/** Twin of `shaders/housekeeping.wgsl`: Σ_j (J_ij - J_ji)² Tr(Σ_i Σ_j) of every row, J stored whole. */
export function housekeeping(
  arrays: { couplings: Float64Array; state: Float64Array; weights: Float64Array; production: Float64Array },
  params: {
    systems: number;
    systemsPerCoupling: number;
    sites: number;
    components: number;
    componentStride: number;
  },
  constants: { KINDS: number },
): void {
  const { systems, systemsPerCoupling, sites, components, componentStride } = params;
  const { KINDS } = constants;
  const padded = pad(sites);
  for (let system = 0; system < systems; system++) {
    const matrix = Math.floor(system / systemsPerCoupling) * sites * padded;
    const weight = (kind: number, site: number) => arrays.weights[(system * KINDS + kind) * padded + site];
    const innerProduct = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k < components; k++) {
        const at = (site: number) => arrays.state[(system * padded + site) * componentStride + k];
        sum += at(i) * at(j);
      }
      return sum;
    };
    const traces = Float64Array.from({ length: sites }, (_, i) =>
      KINDS === 3 ? weight(2, i) * innerProduct(i, i) : 0,
    );
    for (let i = 0; i < padded; i++) {
      let sum = 0;
      for (let j = 0; j < sites && i < sites; j++) {
        const difference = arrays.couplings[matrix + i * padded + j] - arrays.couplings[matrix + j * padded + i];
        if (difference === 0) continue;
        let overlap = weight(0, i) * weight(0, j);
        if (KINDS === 3) {
          const [ti, tj] = [weight(1, i), weight(1, j)];
          overlap = components * ti * tj - ti * traces[j] - traces[i] * tj;
          overlap += weight(2, i) * weight(2, j) * innerProduct(i, j) ** 2;
        }
        sum += difference ** 2 * overlap;
      }
      arrays.production[system * padded + i] = sum;
    }
  }
}
