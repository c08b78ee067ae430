import { attentionField } from "./attention-rows.js";

/** Twin of `shaders/attention-field-binary*.wgsl`: `attentionField` for one number a site. Queries carry the scale λ. */
export function attentionFieldBinary(
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
    weightKinds: number;
    splits: number;
  },
  constants: { MASK: number; MOMENTS: number; STATISTICS: boolean; FROZEN: boolean },
): void {
  attentionField(arrays, params, constants, 1, 1);
}
