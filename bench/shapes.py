# SPDX-License-Identifier: Apache-2.0
"""The single layers that are measured: their list, one-node ONNX models of them, and test data.

A convolution comes as two models. `plain` has the inputs and outputs of ONNX, channels first, so that an object's
change of layout is inside its time. `channels_last` puts the Conv between two Transpose nodes, takes and gives
[1, H, W, C], and leaves a compiler that computes channels-last nothing to change; the other libraries are measured
on the same channels-last data. Expected outputs are computed by numpy in double precision.
"""
import dataclasses

import numpy
import onnx
from onnx import helper, numpy_helper

OPSET = 13
SEED = 20240501


@dataclasses.dataclass(frozen=True)
class Product:
    """[rows, channels] times constant weights [channels, outputs]."""

    rows: int
    outputs: int
    channels: int

    @property
    def name(self):
        return f"matmul_{self.rows}x{self.outputs}x{self.channels}"

    @property
    def layer(self):
        return f"matmul:{self.rows},{self.outputs},{self.channels}"

    @property
    def operations(self):
        return 2 * self.rows * self.outputs * self.channels

    @property
    def is_product(self):
        return True

    @property
    def bytes_read(self):
        """Bytes of the weights where every one of them is used once, so that reading them bounds the time; else 0."""
        return 4 * self.outputs * self.channels if self.rows == 1 else 0

    def weights(self, random):
        return random.standard_normal((self.channels, self.outputs)) / self.channels**0.5

    def input(self, random):
        return random.standard_normal((self.rows, self.channels))

    def expected(self, data, weights):
        return data.astype(numpy.float64) @ weights.astype(numpy.float64)

    def models(self, weights):
        """Variant name -> model, and the function that brings channels-last data into its layout."""
        node = helper.make_node("MatMul", ["x", "w"], ["y"])
        yield "plain", model_of([node], (self.rows, self.channels), (self.rows, self.outputs), weights), lambda a: a


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution of one square image, without bias."""

    channels: int
    outputs: int
    kernel: int
    size: int
    stride: int = 1
    groups: int = 1

    @property
    def pad(self):
        return self.kernel // 2

    @property
    def out_size(self):
        return (self.size + 2 * self.pad - self.kernel) // self.stride + 1

    @property
    def name(self):
        kind = "depthwise" if self.groups > 1 else "conv"
        stride = f"_s{self.stride}" if self.stride > 1 else ""
        channels = f"{self.channels}" if self.channels == self.outputs else f"{self.channels}to{self.outputs}"
        return f"{kind}{self.kernel}x{self.kernel}{stride}_{channels}_{self.size}"

    @property
    def layer(self):
        return (f"conv:{self.channels},{self.size},{self.size},{self.outputs},{self.kernel},{self.stride},"
                f"{self.pad},{self.groups}")

    @property
    def operations(self):
        return 2 * self.out_size**2 * self.outputs * self.channels // self.groups * self.kernel**2

    @property
    def is_product(self):
        return self.kernel == 1 and self.stride == 1 and self.groups == 1

    @property
    def bytes_read(self):
        return 0

    def weights(self, random):
        shape = (self.outputs, self.channels // self.groups, self.kernel, self.kernel)
        return random.standard_normal(shape) / numpy.prod(shape[1:]) ** 0.5

    def input(self, random):
        return random.standard_normal((1, self.size, self.size, self.channels))

    def expected(self, data, weights):
        pad, stride, last = self.pad, self.stride, self.stride * (self.out_size - 1) + 1
        padded = numpy.pad(data[0].astype(numpy.float64), ((pad, pad), (pad, pad), (0, 0)))
        result = numpy.zeros((self.out_size, self.out_size, self.outputs))
        for i in range(self.kernel):
            for j in range(self.kernel):
                tap = padded[i : i + last : stride, j : j + last : stride]
                w = weights[:, :, i, j].astype(numpy.float64)
                result += tap * w[:, 0] if self.groups > 1 else tap @ w.T
        return result[None]

    def models(self, weights):
        conv = dict(kernel_shape=[self.kernel] * 2, strides=[self.stride] * 2, pads=[self.pad] * 4,
                    group=self.groups)
        source, result = (1, self.channels, self.size, self.size), (1, self.outputs, self.out_size, self.out_size)
        node = helper.make_node("Conv", ["x", "w"], ["y"], **conv)
        yield "plain", model_of([node], source, result, weights), lambda a: a.transpose(0, 3, 1, 2)
        nodes = [helper.make_node("Transpose", ["x"], ["x1"], perm=[0, 3, 1, 2]),
                 helper.make_node("Conv", ["x1", "w"], ["y1"], **conv),
                 helper.make_node("Transpose", ["y1"], ["y"], perm=[0, 2, 3, 1])]
        last = lambda dims: (dims[0], dims[2], dims[3], dims[1])
        yield "channels_last", model_of(nodes, last(source), last(result), weights), lambda a: a


SHAPES = [
    Product(128, 768, 768), Product(128, 3072, 768), Product(128, 768, 3072), Product(1, 768, 3072),
    Convolution(64, 256, 1, 56), Convolution(256, 64, 1, 56), Convolution(64, 64, 3, 56),
    Convolution(128, 128, 3, 56, stride=2), Convolution(3, 64, 7, 224, stride=2), Convolution(256, 256, 3, 14),
    Convolution(512, 512, 3, 7), Convolution(32, 32, 3, 112, groups=32), Convolution(512, 512, 3, 14, groups=512),
]


def model_of(nodes, source, result, weights):
    f32 = onnx.TensorProto.FLOAT
    graph = helper.make_graph(nodes, "layer", [helper.make_tensor_value_info("x", f32, source)],
                              [helper.make_tensor_value_info("y", f32, result)],
                              [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def write(shape, folder):
    """Writes the models and data of a shape below folder, unless they are there; returns the variants' folders by
    name. Each has model.onnx, input_0.npy, output_0.npy and weights_0.npy."""
    random = numpy.random.default_rng(SEED)
    weights, data = shape.weights(random).astype(numpy.float32), shape.input(random).astype(numpy.float32)
    variants, expected = {}, None
    for variant, model, layout in shape.models(weights):
        target = variants[variant] = folder / shape.name / variant
        if (target / "model.onnx").exists():
            continue
        if expected is None:
            expected = shape.expected(data, weights).astype(numpy.float32)
        target.mkdir(parents=True, exist_ok=True)
        numpy.save(target / "input_0.npy", numpy.ascontiguousarray(layout(data)))
        numpy.save(target / "output_0.npy", numpy.ascontiguousarray(layout(expected)))
        numpy.save(target / "weights_0.npy", weights)
        onnx.save(model, target / "model.onnx")  # last: it says that the folder is complete
    return variants
