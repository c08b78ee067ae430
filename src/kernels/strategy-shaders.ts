/** The shader of every strategy of a kernel, and the tile that goes with it. */
import { type KernelName, kernels } from "./registry.js";
import type { AdapterTraits, KernelTile, KernelVariant, StrategyKernel } from "./strategies.js";
import { softwareTiles } from "./tiles.js";

/** The shaders of the other strategies, by the kernel; `shader` of the record is that of "portable". */
export const strategyShaders: Readonly<
  Record<Exclude<KernelVariant["strategy"], "portable">, Readonly<Partial<Record<StrategyKernel, URL>>>>
> = {
  subgroups: {
    "attention-field-sphere": new URL("../../shaders/attention-field-sphere-subgroups.wgsl", import.meta.url),
    "attention-field-binary": new URL("../../shaders/attention-field-binary-subgroups.wgsl", import.meta.url),
    "attention-reaction": new URL("../../shaders/attention-reaction-subgroups.wgsl", import.meta.url),
    "attention-couplings": new URL("../../shaders/attention-couplings-subgroups.wgsl", import.meta.url),
    "field-sphere": new URL("../../shaders/field-sphere-subgroups.wgsl", import.meta.url),
  },
  "subgroup-matrix": {
    "attention-field-sphere": new URL("../../shaders/attention-field-sphere-matrix.wgsl", import.meta.url),
  },
};

/** The shader of a kernel, or of a variant of it. */
export function shaderOf(kernel: KernelName, variant?: KernelVariant): URL {
  if (variant === undefined || variant.strategy === "portable") return kernels[kernel].shader;
  const shader = strategyShaders[variant.strategy][variant.kernel];
  if (shader === undefined) throw new Error(`${variant.kernel} has no shader of the strategy ${variant.strategy}`);
  return shader;
}

/** The tile of a kernel on an adapter, or of a variant of it. */
export function tileOf(kernel: KernelName, { software }: AdapterTraits, variant?: KernelVariant): KernelTile {
  return variant?.tile ?? (software ? softwareTiles[kernel] : undefined) ?? kernels[kernel].tile;
}
