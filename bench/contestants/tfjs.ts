/** TensorFlow.js with its WebGPU backend on navigator.gpu. */
import { provideBrowserGlobals, requireSameAdapter } from "../browser-globals.js";
import { loadPeer } from "../peer-packages.js";
import { type Contestant, milliseconds, requireSingles, Unavailable } from "./contestant.js";

interface Tensor {
  dispose(): void;
  data(): Promise<Float32Array>;
}
interface Backend {
  readonly device: GPUDevice;
  endComputePassEncoder(): void;
  submitQueue(): void;
}
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  backend(): Backend;
  tidy(action: () => Tensor): Tensor;
  tensor2d(values: Float32Array, shape: [number, number]): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  softmax(logits: Tensor): Tensor;
}

export const tfjs: Contestant = {
  name: "tfjs",
  onAdapter: true,
  async open({ n, d, queries, keys, values }, { adapter }, settings) {
    requireSingles("tfjs", settings);
    provideBrowserGlobals(adapter); // before the backend is loaded, which registers itself only then
    const tf = loadPeer("@tensorflow/tfjs-core") as TensorFlow;
    loadPeer("@tensorflow/tfjs-backend-webgpu");
    if (!(await tf.setBackend("webgpu"))) throw new Unavailable("tfjs opens no WebGPU device");
    await tf.ready();
    const backend = tf.backend();
    requireSameAdapter("tfjs", backend.device, adapter);

    const inputs = [queries, keys, values].map((matrix) => tf.tensor2d(matrix, [n, d]));
    const [q, k, v] = inputs;
    let field: Tensor | undefined;
    return {
      adapter: adapter.report.name,
      note: "matMul, softmax, matMul; inputs resident after the warm-up, ended by onSubmittedWorkDone",
      run: () =>
        milliseconds(() => {
          field?.dispose();
          field = tf.tidy(() => tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v));
          // Fifteen dispatches wait for each other unless told to go.
          backend.endComputePassEncoder();
          backend.submitQueue();
          return backend.device.queue.onSubmittedWorkDone();
        }),
      async result() {
        if (field === undefined) throw new Error("tfjs has not run");
        return { field: await field.data() };
      },
      dispose() {
        field?.dispose();
        inputs.forEach((input) => input.dispose());
        return Promise.resolve();
      },
    };
  },
};
