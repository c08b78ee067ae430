/** What libraries that were written for a browser look for: navigator.gpu on the chosen adapter, and WebGPU's constants. */
import { globals } from "webgpu";
import type { BenchAdapter } from "./adapter.js";

/** Node.js 21 has a navigator of its own, so the property is replaced as a whole. */
export function provideBrowserGlobals({ instance }: BenchAdapter): void {
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, "navigator", { value: { gpu: instance, userAgent: "node" }, configurable: true });
}

/** @throws if a library opened another adapter than the one that is measured */
export function requireSameAdapter(peer: string, device: GPUDevice, { report }: BenchAdapter): void {
  const { description } = device.adapterInfo;
  if (description !== report.description)
    throw new Error(`${peer} runs on ${description}, not on ${report.description}`);
}
