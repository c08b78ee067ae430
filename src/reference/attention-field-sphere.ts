import { attentionField } from "./attention-rows.js";
import { pad } from "./layout.js";

/** Twin of `shaders/attention-field-sphere*.wgsl`: `attentionField` for vectors. Queries carry the scale λ. */
export function attentionFieldSphere(
  arrays: {
    queries: Float64Array;
    keys: Float64Array;
    available: Float64Array;
    state: Float64Array;
    weights: Float64Array;
    field: Float64Array;
    moments: Float64Array;
    statistics: Float64Array;
  },
  params: {
    systems: number;
    systemsPerCoupling: number;
    rows: number;
    rowStart: number;
    rowCount: number;
    columns: number;
    dimension: number;
    components: number;
    weightKinds: number;
    splits: number;
  },
  constants: { MASK: number; MOMENTS: number; STATISTICS: boolean; FROZEN: boolean },
): void {
  attentionField(arrays, params, constants, params.components, pad(params.components));
}
