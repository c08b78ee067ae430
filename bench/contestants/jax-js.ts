/** @jax-js/jax on navigator.gpu, compiled by its jit. */
import { provideBrowserGlobals, requireSameAdapter } from "../browser-globals.js";
import { loadPeer } from "../peer-packages.js";
import { type Contestant, milliseconds, requireSingles, Unavailable } from "./contestant.js";

/** The part that is used. Functions consume their arguments; `ref` is another reference to the same array. */
interface JaxArray {
  readonly ref: JaxArray;
  transpose(): JaxArray;
  dispose(): void;
  blockUntilReady(): Promise<JaxArray>;
  data(): Promise<Float32Array>;
}
type Attention = (queries: JaxArray, keys: JaxArray, values: JaxArray) => JaxArray;
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): void;
  getWebGPUDevice(): GPUDevice;
  jit(attention: Attention): Attention & { dispose(): void };
  readonly numpy: {
    array(values: Float32Array, options: { shape: number[] }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
  readonly nn: { softmax(x: JaxArray, axis: number): JaxArray };
}

export const jaxJs: Contestant = {
  name: "jax-js",
  onAdapter: true,
  async open({ n, d, queries, keys, values }, { adapter }, settings) {
    requireSingles("jax-js", settings);
    provideBrowserGlobals(adapter);
    const jax = loadPeer("@jax-js/jax") as Jax;
    if (!(await jax.init("webgpu")).includes("webgpu")) throw new Unavailable("jax-js opens no WebGPU device");
    jax.defaultDevice("webgpu");
    requireSameAdapter("jax-js", jax.getWebGPUDevice(), adapter);

    const { numpy, nn } = jax;
    const inputs = [queries, keys, values].map((matrix) => numpy.array(matrix, { shape: [n, d] }));
    for (const input of inputs) await input.blockUntilReady();
    // Written out because nn.dotProductAttention of 0.1.25 needs iterator methods that Node.js 20 lacks; it is made of the
    // same two products.
    const attention = jax.jit((q, k, v) => numpy.matmul(nn.softmax(numpy.matmul(q, k.transpose()), -1), v));
    let field: JaxArray | undefined;
    return {
      adapter: adapter.report.name,
      note: "jit of matmul, softmax, matmul; inputs resident, ended by blockUntilReady (maps a buffer of no bytes)",
      run: () =>
        milliseconds(() => {
          field?.dispose();
          const [q, k, v] = inputs;
          field = attention(q.ref, k.ref, v.ref);
          return field.blockUntilReady();
        }),
      async result() {
        if (field === undefined) throw new Error("jax-js has not run");
        return { field: await field.ref.data() };
      },
      dispose() {
        field?.dispose();
        attention.dispose();
        inputs.forEach((input) => input.dispose());
        return Promise.resolve();
      },
    };
  },
};
