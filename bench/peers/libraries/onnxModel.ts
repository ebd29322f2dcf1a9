/** Writes ONNX models of one graph: the messages of onnx.proto that it takes, and no more. */
import protobuf from "protobufjs";

const { root } = protobuf.parse(
  `
  syntax = "proto2";
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message ModelProto { optional int64 ir_version = 1; optional GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8; }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto { repeated string input = 1; repeated string output = 2; optional string op_type = 4; repeated AttributeProto attribute = 5; }
  message AttributeProto { optional string name = 1; optional int64 i = 3; optional GraphProto g = 6; optional int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional Tensor tensor_type = 1; message Tensor { optional int32 elem_type = 1; optional Shape shape = 2; } }
  message Shape { repeated Dim dim = 1; message Dim { optional int64 dim_value = 1; optional string dim_param = 2; } }
  `,
  { keepCase: true },
);

/** The opset of ONNX 1.16 (2024), in the format of the version before it. */
const OPSET = 21;
const IR_VERSION = 10;

const types = { float: 1, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof types;

/** A size that is not known beforehand has a name. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A graph that is being written: an operation gives the name of its output, to be the input of others. */
export class Graph {
  private readonly node: object[] = [];
  private readonly initializer: object[] = [];
  private readonly prefix: string;

  constructor(prefix = "") {
    this.prefix = prefix;
  }

  /** One output; attributes are whole numbers, or the graph of a loop's body. */
  op(type: string, inputs: readonly string[], attributes: { [name: string]: number | object } = {}): string {
    return this.ops(type, inputs, 1, attributes)[0];
  }

  ops(type: string, inputs: readonly string[], outputs: number, attributes: { [name: string]: number | object } = {}) {
    const output = Array.from({ length: outputs }, (_, i) => `${this.prefix}${type}${this.node.length}_${i}`);
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === "number" ? { name, i: value, type: 2 } : { name, g: value, type: 5 },
    );
    this.node.push({ input: inputs, output, op_type: type, attribute });
    return output;
  }

  constant(data: Float32Array | BigInt64Array, shape: readonly number[] = []): string {
    const name = `${this.prefix}constant${this.initializer.length}`;
    const data_type = data instanceof Float32Array ? types.float : types.int64;
    const raw_data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializer.push({ dims: shape, data_type, name, raw_data });
    return name;
  }

  number(value: number): string {
    return this.constant(Float32Array.of(value));
  }

  /** Such as axes: a vector, which is of one where it stands for a number of an attribute. */
  integers(...values: number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  integer(value: number): string {
    return this.constant(BigInt64Array.of(BigInt(value)));
  }

  /** The graph as a message, for a loop's body. */
  message(input: readonly Value[], output: readonly Value[]): object {
    const { node, initializer } = this;
    return { node, name: `${this.prefix}graph`, initializer, input: input.map(infoOf), output: output.map(infoOf) };
  }

  model(input: readonly Value[], output: readonly Value[]): Uint8Array {
    const type = root.lookupType("ModelProto");
    const graph = this.message(input, output);
    const opset_import = [{ domain: "", version: OPSET }];
    return type.encode(type.fromObject({ ir_version: IR_VERSION, graph, opset_import })).finish();
  }
}

const infoOf = ({ name, type, shape }: Value): object => ({
  name,
  type: {
    tensor_type: {
      elem_type: types[type],
      shape: { dim: shape.map((size) => (typeof size === "number" ? { dim_value: size } : { dim_param: size })) },
    },
  },
});
