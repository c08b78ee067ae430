/** Complete shader texts, as the engine hands them to the device. */
import { assembleShader, loadText } from "../../src/gpu/shader-source.js";
import { type KernelName, kernels, sharedShaders } from "../../src/kernels/registry.js";

export type Constants = Record<string, number | boolean>;

export function assembleKernel(name: KernelName, constants: Constants = {}): Promise<string> {
  const { shader, tile } = kernels[name];
  return assembleShader((path) => loadText(path === name ? shader : sharedShaders[path]), name, {
    ...tile,
    ...constants,
  });
}
