/**
 * onnxruntime-node: its WebGPU provider, which has a Dawn of its own, and its CPU provider.
 *
 * Its fused operator runs where it is right. On 2026-11-22 that of 1.30.0 was off by 2 % to 8 % on lavapipe and SwiftShader:
 * its shader declares `var x: vec4f;` in a loop and relies on the zero that WGSL promises there, and the SPIR-V that Dawn
 * makes of it sets x to zero once. Its three separate operators take part then, and the fused one is timed beside them.
 */
import { loadPeer } from "../peer-packages.js";
import { type AttentionProblem, fieldError, WRONG } from "../problem.js";
import { type Contestant, milliseconds, type OpenContestant, requireSingles, Unavailable } from "./contestant.js";
import { fusedAttention, identity, PROBE_LENGTH, separateAttention } from "./onnx-graph.js";

interface Tensor {
  /** Only of a tensor on the host. */
  readonly data: Float32Array;
  dispose(): void;
}
type Tensors = Record<string, Tensor>;
interface Session {
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}
type Location = "cpu" | "gpu-buffer";
interface SessionOptions {
  readonly executionProviders: readonly string[];
  readonly preferredOutputLocation?: Location | Record<string, Location>;
  readonly extra?: { readonly session: Record<string, string> };
}
interface OnnxRuntime {
  readonly env: { logLevel: string };
  readonly InferenceSession: { create(model: Uint8Array, options: SessionOptions): Promise<Session> };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: number[]) => Tensor;
  listSupportedBackends(): { readonly name: string }[];
}
type Provider = "webgpu" | "cpu";

const FUSED = "fused MultiHeadAttention (com.microsoft)";

/** Worker threads that wait for the next run would take the cores from the contestant after this one. */
const QUIET = { session: { force_spinning_stop: "1" } };

export const ortWebgpu: Contestant = {
  name: "ort-webgpu",
  onAdapter: true,
  open(problem, { adapter }, settings) {
    requireSingles("ort-webgpu", settings);
    return openSession("webgpu", problem, adapter.report.name);
  },
};

export const ortCpu: Contestant = {
  name: "ort-cpu",
  onAdapter: false,
  open(problem, _host, settings) {
    requireSingles("ort-cpu", settings);
    return openSession("cpu", problem, "cpu");
  },
};

async function openSession(provider: Provider, problem: AttentionProblem, adapter: string): Promise<OpenContestant> {
  const ort = loadPeer("onnxruntime-node") as OnnxRuntime;
  ort.env.logLevel = "error";
  if (!ort.listSupportedBackends().some(({ name }) => name === provider)) {
    throw new Unavailable(`onnxruntime-node has no ${provider} provider on ${process.platform} ${process.arch}`);
  }
  const transfer = await openTransfer(ort, provider, problem);
  const { queries, keys, values } = problem;
  const inputs: Tensors = {};
  for (const [name, matrix] of Object.entries({ queries, keys, values })) inputs[name] = await transfer.upload(matrix);
  const open = async (model: Uint8Array) => {
    const session = await ort.InferenceSession.create(model, optionsFor(provider));
    return { session, error: await errorOf(session, problem, inputs, transfer.download) };
  };
  const { n, d } = problem;
  const fused = await open(fusedAttention(n, d)).catch(firstLine);
  const wrong = typeof fused !== "string" && !(fused.error <= WRONG.f32) ? fused : undefined;
  const { session } = typeof fused === "string" || wrong ? await open(separateAttention(n, d)) : fused;
  const operator =
    typeof fused === "string"
      ? `MatMul, Softmax, MatMul (MultiHeadAttention does not run: ${fused})`
      : wrong
        ? "MatMul, Softmax, MatMul"
        : FUSED;
  const end =
    provider === "webgpu"
      ? `inputs and field resident in its own Dawn, ended by reading back ${PROBE_LENGTH} numbers`
      : "all its default threads";
  let field: Tensor | undefined;
  return {
    adapter,
    note: `${operator}; ${end}`,
    run: () =>
      milliseconds(async () => {
        field?.dispose();
        ({ field } = await session.run(inputs));
      }),
    ...(wrong && {
      wrongVariant: {
        what: FUSED,
        error: wrong.error,
        run: () => milliseconds(async () => (await wrong.session.run(inputs)).field.dispose()),
      },
    }),
    async result() {
      if (field === undefined) throw new Error("onnxruntime has not run");
      return { field: await transfer.download(field) };
    },
    async dispose() {
      [field, ...Object.values(inputs)].forEach((tensor) => tensor?.dispose());
      await session.release();
      await wrong?.session.release();
      await transfer.dispose();
    },
  };
}

/**
 * To the GPU and back by identity graphs whose result stays on one side or the other: the package has no other way to put
 * data there, and 1.30.0 aborts the process when a tensor on the GPU is asked for its data.
 */
async function openTransfer(ort: OnnxRuntime, provider: Provider, { n, d }: AttentionProblem) {
  const onHost = (matrix: Float32Array) => new ort.Tensor("float32", matrix, [1, n, d]);
  if (provider === "cpu") {
    return {
      upload: (matrix: Float32Array) => Promise.resolve(onHost(matrix)),
      download: (tensor: Tensor) => Promise.resolve(tensor.data),
      dispose: () => Promise.resolve(),
    };
  }
  const open = (preferredOutputLocation: Location) =>
    ort.InferenceSession.create(identity(n, d), { executionProviders: [provider], preferredOutputLocation });
  const [up, down] = [await open("gpu-buffer"), await open("cpu")];
  return {
    upload: async (matrix: Float32Array) => (await up.run({ from: onHost(matrix) })).to,
    download: async (tensor: Tensor) => (await down.run({ from: tensor })).to.data,
    async dispose() {
      await up.release();
      await down.release();
    },
  };
}

function optionsFor(provider: Provider): SessionOptions {
  const executionProviders = [provider];
  if (provider === "cpu") return { executionProviders, extra: QUIET };
  return { executionProviders, extra: QUIET, preferredOutputLocation: { field: "gpu-buffer", probe: "cpu" } };
}

async function errorOf(
  session: Session,
  problem: AttentionProblem,
  inputs: Tensors,
  download: (tensor: Tensor) => Promise<Float32Array>,
): Promise<number> {
  const { field } = await session.run(inputs);
  const error = fieldError(problem, { field: await download(field) });
  field.dispose();
  return error;
}

function firstLine(error: unknown): string {
  return String(error).split("\n")[0];
}
