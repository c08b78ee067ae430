/** The published points of the single-site response that both the twin and the shader are measured at. */
import type { SphereResponse } from "../../src/reference/responses.js";
import { responseGain } from "../../src/reference/responses.js";
import { readCase } from "../cases.js";

export interface ResponseRow {
  D: number;
  R: number;
  beta: number;
  h_norm: number;
  m_exact: number;
  m_largeD: number;
  var_tan_exact: number;
  var_rad_exact: number;
  var_tan_largeD: number;
  var_rad_largeD: number;
}

export const { rows } = readCase<{ expected: { rows: ResponseRow[] } }>("bal/02_phi_response").expected;

export const RESPONSES: SphereResponse[] = ["large-d", "exact"];

/** f(h) */
export function mean(h: number, beta: number, radius: number, dimension: number, response: SphereResponse): number {
  return h * responseGain(h, beta, radius, dimension, response);
}
