# SPDX-License-Identifier: Apache-2.0
"""Whole models: unpacking and filling those of the zoo, and counting the operations of a model.

zoo.tar.xz, in the folder that AICC_TESTDATA names, holds graphs without their weights, a program that fills them
in, and test data."""
import subprocess
import sys
import tarfile

import onnx
from onnx import shape_inference

DEFAULT = ["resnet18", "resnet50", "mobilenet_v2", "squeezenet1_1", "efficientnet_b0", "vgg16", "unet", "mlp_mnist",
           "keras_cnn", "dscnn_kws"]
DIMS = {"keras_cnn": {"batch": 16}}
# Operations as the description of the test data states them, where shape inference does not get through.
STATED_OPERATIONS = {"unet": 24_147_000_000, "bert_base_uncased": 22_348_000_000, "bert_tiny_seqcls_static": 55_000_000,
                     "clip_text_b32": 11_919_000_000, "gpt2_with_past": 248_000_000, "llama_tiny_prefill": 2_575_000_000,
                     "llama_tiny_with_past": 80_000_000, "t5_small_decoder": 821_000_000,
                     "t5_small_decoder_with_past": 78_000_000, "t5_small_encoder": 2_441_000_000,
                     "whisper_tiny_decoder": 3_801_000_000,
                     "whisper_tiny_decoder_with_past": 66_000_000}


def unpack(testdata, folder):
    """Unpacks the zoo below folder, once, and returns where it is."""
    root = folder / "zoo"
    if not (root / ".complete").exists():
        with tarfile.open(testdata / "zoo.tar.xz") as archive:
            archive.extractall(folder)
        (root / ".complete").touch()
    return root


def fill(root, name, folder):
    """Writes folder/model.onnx with weights and folder/input_*.pb, output_*.pb, once. The skeleton of a model that
    does not exist is a KeyError."""
    skeleton = root / "skeletons" / f"{name}.onnx"
    if not skeleton.exists():
        raise KeyError(name)
    if (folder / "model.onnx").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    program = [sys.executable, str(root / "fill_weights.py")]
    for tensor in sorted((root / "testdata" / name / "test_data_set_0").glob("*.pb")):
        subprocess.run([*program, "--tensor", str(tensor), str(folder / tensor.name)], check=True)
    unfinished = folder / "model.unfinished"
    subprocess.run([*program, str(skeleton), str(unfinished)], check=True, stdout=subprocess.DEVNULL)
    unfinished.rename(folder / "model.onnx")


def sizes_of(path, folder):
    """The sizes of symbolic dims by name, as the inputs of a folder have them."""
    graph = onnx.load(str(path), load_external_data=False).graph
    sizes = {}
    for i, value in enumerate(graph.input):
        file = folder / f"input_{i}.pb"
        if not file.exists():
            continue
        tensor = onnx.TensorProto.FromString(file.read_bytes())
        for dim, size in zip(value.type.tensor_type.shape.dim, tensor.dims):
            if dim.dim_param:
                sizes[dim.dim_param] = size
    return sizes


def count_operations(path, dims):
    """Multiplications and additions of Conv, ConvTranspose, Gemm and MatMul nodes of the main graph, from inferred
    shapes; dims gives sizes of symbolic dims. None where a shape stays unknown. Other nodes are not counted."""
    model = onnx.load(str(path), load_external_data=False)
    for value in [*model.graph.input, *model.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in dims:
                dim.dim_value = dims[dim.dim_param]
    shapes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > 4096:  # inference needs shapes and small constants only
            tensor.ClearField("raw_data")
    del model.graph.value_info[:]
    graph = shape_inference.infer_shapes(model).graph
    for value in [*graph.input, *graph.value_info, *graph.output]:
        dim_list = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(dim.HasField("dim_value") for dim in dim_list):
            shapes.setdefault(value.name, [dim.dim_value for dim in dim_list])
    total = 0
    for node in graph.node:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
            continue
        if any(name not in shapes for name in [*node.input[:2], node.output[0]]):
            return None
        total += node_operations(node, shapes)
    return total


def node_operations(node, shapes):
    first, weights, result = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
    if node.op_type == "Conv":  # each output element: the weights of its channel
        return 2 * product(result) * product(weights[1:])
    if node.op_type == "ConvTranspose":  # each input element: the weights of its channel
        return 2 * product(first) * product(weights[1:])
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return 2 * product(result) * (first[-2] if transposed else first[-1])


def product(dims):
    total = 1
    for dim in dims:
        total *= dim
    return total
