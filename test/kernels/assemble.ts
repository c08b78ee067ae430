/** Complete shader texts, as the engine hands them to the device. */
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";
import { type KernelName, kernels } from "../../src/kernels/registry.js";
import { shaderOf } from "../../src/kernels/strategy-shaders.js";
import { sharedShaders } from "../../src/kernels/shared-shaders.js";
import type { KernelVariant } from "../../src/kernels/strategies.js";

export type Constants = Record<string, number | boolean>;

export function assembleKernel(
  kernel: KernelName,
  constants: Constants = {},
  variant?: KernelVariant,
): Promise<string> {
  const name = variant?.shader ?? kernel;
  const shader = shaderOf(kernel, variant);
  return assembleShader((path) => loadText(path === name ? shader : sharedShaders[path]), name, {
    ...(variant?.tile ?? kernels[kernel].tile),
    ...constants,
  });
}
