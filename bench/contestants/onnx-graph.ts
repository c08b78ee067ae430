/**
 * Writes ONNX models: as much of the protocol-buffer encoding as three small graphs need, instead of a package for it.
 * Field numbers are those of onnx.proto.
 */

type Attribute = number | readonly number[];

interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly domain?: string;
  /** Integers, lists of integers, and for the names of FLOATS a float. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}
interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
}
interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Shaped[];
  readonly outputs: readonly Shaped[];
  /** Vectors of int64. */
  readonly integers?: Readonly<Record<string, readonly number[]>>;
}

const MICROSOFT = "com.microsoft";
const FLOATS: ReadonlySet<string> = new Set(["scale"]);
const TYPE = { float: 1, int64: 7 };

/** Entries of the field that come back to the host, to see that it is complete. */
export const PROBE_LENGTH = 4;
/** The first entries of the field as an output of their own. */
const probe: Node = { operator: "Slice", inputs: ["field", "from", "to", "axes"], output: "probe" };

function attentionGraph(n: number, d: number, nodes: readonly Node[]): Uint8Array {
  const shape = [1, n, d];
  return encodeModel({
    nodes: [...nodes, probe],
    inputs: ["queries", "keys", "values"].map((name) => ({ name, shape })),
    outputs: [
      { name: "field", shape },
      { name: "probe", shape: [1, 1, PROBE_LENGTH] },
    ],
    integers: { from: [0, 0], to: [1, PROBE_LENGTH], axes: [1, 2] },
  });
}

/** The field by onnxruntime's fused operator. */
export function fusedAttention(n: number, d: number): Uint8Array {
  const inputs = ["queries", "keys", "values"];
  const attributes = { num_heads: 1, scale: 1 };
  return attentionGraph(n, d, [
    { operator: "MultiHeadAttention", inputs, output: "field", domain: MICROSOFT, attributes },
  ]);
}

/** The field by the operators of plain ONNX. */
export function separateAttention(n: number, d: number): Uint8Array {
  const nodes: Node[] = [
    { operator: "Transpose", inputs: ["keys"], output: "turned", attributes: { perm: [0, 2, 1] } },
    { operator: "MatMul", inputs: ["queries", "turned"], output: "scores" },
    { operator: "Softmax", inputs: ["scores"], output: "couplings", attributes: { axis: -1 } },
    { operator: "MatMul", inputs: ["couplings", "values"], output: "field" },
  ];
  return attentionGraph(n, d, nodes);
}

/** `from` to `to`: how a matrix gets to a provider's device, and back. */
export function identity(n: number, d: number): Uint8Array {
  const shape = [1, n, d];
  return encodeModel({
    nodes: [{ operator: "Identity", inputs: ["from"], output: "to" }],
    inputs: [{ name: "from", shape }],
    outputs: [{ name: "to", shape }],
  });
}

function encodeModel({ nodes, inputs, outputs, integers = {} }: Graph): Uint8Array {
  const graph = [
    ...nodes.flatMap((node) => message(1, encodeNode(node))),
    ...text(2, "attention field"),
    ...Object.entries(integers).flatMap(([name, values]) =>
      message(5, [
        ...whole(1, values.length),
        ...whole(2, TYPE.int64),
        ...values.flatMap((v) => whole(7, v)),
        ...text(8, name),
      ]),
    ),
    ...inputs.flatMap((value) => message(11, encodeShaped(value))),
    ...outputs.flatMap((value) => message(12, encodeShaped(value))),
  ];
  const operators = (domain: string, version: number) => message(8, [...text(1, domain), ...whole(2, version)]);
  return Uint8Array.from([...whole(1, 8), ...message(7, graph), ...operators("", 17), ...operators(MICROSOFT, 1)]);
}

function encodeNode({ operator, inputs, output, domain = "", attributes = {} }: Node): number[] {
  return [
    ...inputs.flatMap((input) => text(1, input)),
    ...text(2, output),
    ...text(3, output),
    ...text(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      message(5, [...text(1, name), ...encodeAttribute(name, value)]),
    ),
    ...text(7, domain),
  ];
}

function encodeAttribute(name: string, value: Attribute): number[] {
  if (typeof value !== "number") return [...value.flatMap((item) => whole(8, item)), ...whole(20, 7)];
  return FLOATS.has(name) ? [...single(2, value), ...whole(20, 1)] : [...whole(3, value), ...whole(20, 2)];
}

function encodeShaped({ name, shape }: Shaped): number[] {
  const dimensions = shape.flatMap((length) => message(1, whole(1, length)));
  return [...text(1, name), ...message(2, message(1, [...whole(1, TYPE.float), ...message(2, dimensions)]))];
}

function variable(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}
const whole = (field: number, value: number) => [...variable(field << 3), ...variable(value)];
const single = (field: number, value: number) => [
  ...variable((field << 3) | 5),
  ...new Uint8Array(Float32Array.of(value).buffer), // little-endian, as every platform of onnxruntime-node is
];
const message = (field: number, bytes: readonly number[]) => [
  ...variable((field << 3) | 2),
  ...variable(bytes.length),
  ...bytes,
];
const text = (field: number, value: string) => message(field, [...new TextEncoder().encode(value)]);
