#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the example's network and writes digits.onnx, test_images.bin and test_data_set_0/.

The network is small enough to write its training out by hand in numpy, so nothing but numpy, scikit-learn
(for the images) and onnx (for the file) is needed, and everything that happens can be read here. The files
written are in the repository: nobody has to run this to use the example.

    apt-get install python3-sklearn python3-onnx && python3 train.py
"""
import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one order of summation, so that two runs write the same weights

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 1
HELD_BACK = 450  # images that neither training nor the choice of the settings below saw: test_images.bin
EPOCHS = 80
BATCH = 32
LEARNING_RATE = 3e-3


# Layers: each forward returns its result and what its backward needs. Images are [batch, channel, y, x].


def patches3x3(x):
    """The zero-padded 3x3 neighbourhood of every pixel: [batch, y, x, channel * 9]."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    taps = [padded[:, :, dy : dy + h, dx : dx + w] for dy in range(3) for dx in range(3)]
    return np.stack(taps, axis=2).transpose(0, 3, 4, 1, 2).reshape(n, h, w, c * 9)


def conv_forward(x, weight, bias):
    columns = patches3x3(x)
    y = columns @ weight.reshape(len(weight), -1).T + bias
    return y.transpose(0, 3, 1, 2), (columns, x.shape)


def conv_backward(dy, weight, kept):
    columns, (n, c, h, w) = kept
    dy = dy.transpose(0, 2, 3, 1)
    flat = dy.reshape(-1, dy.shape[-1])
    dweight = (flat.T @ columns.reshape(len(flat), -1)).reshape(weight.shape)
    dcolumns = (dy @ weight.reshape(len(weight), -1)).reshape(n, h, w, c, 9).transpose(0, 3, 4, 1, 2)
    padded = np.zeros((n, c, h + 2, w + 2), dy.dtype)
    for tap in range(9):
        padded[:, :, tap // 3 : tap // 3 + h, tap % 3 : tap % 3 + w] += dcolumns[:, :, tap]
    return padded[:, :, 1:-1, 1:-1], dweight, flat.sum(axis=0)


def pool_forward(x):
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    winner = blocks.argmax(axis=-1)
    return np.take_along_axis(blocks, winner[..., None], axis=-1)[..., 0], winner


def pool_backward(dy, winner):
    n, c, h, w = dy.shape
    blocks = np.zeros((n, c, h, w, 4), dy.dtype)
    np.put_along_axis(blocks, winner[..., None], dy[..., None], axis=-1)
    return blocks.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h * 2, w * 2)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(p, x):
    """Probabilities [batch, 10] for images [batch, 1, 8, 8], and what backward needs."""
    c1, k1 = conv_forward(x, p["conv1.weight"], p["conv1.bias"])
    p1, winner = pool_forward(np.maximum(c1, 0))
    c2, k2 = conv_forward(p1, p["conv2.weight"], p["conv2.bias"])
    features = np.maximum(c2, 0).reshape(len(x), -1)
    logits = features @ p["dense.weight"].T + p["dense.bias"]
    return softmax(logits), (c1, k1, winner, c2, k2, features)


def backward(p, probabilities, labels, kept):
    """Gradients of the mean cross-entropy with respect to every parameter."""
    c1, k1, winner, c2, k2, features = kept
    dlogits = probabilities.copy()
    dlogits[np.arange(len(labels)), labels] -= 1
    dlogits /= len(labels)
    g = {"dense.weight": dlogits.T @ features, "dense.bias": dlogits.sum(axis=0)}
    dc2 = (dlogits @ p["dense.weight"]).reshape(c2.shape) * (c2 > 0)
    dp1, g["conv2.weight"], g["conv2.bias"] = conv_backward(dc2, p["conv2.weight"], k2)
    dc1 = pool_backward(dp1, winner) * (c1 > 0)
    _, g["conv1.weight"], g["conv1.bias"] = conv_backward(dc1, p["conv1.weight"], k1)
    return g


def initial_parameters(random):
    def he(*shape):  # keeps the variance of what passes through a Relu
        return (random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)

    return {
        "conv1.weight": he(16, 1, 3, 3),
        "conv1.bias": np.zeros(16, np.float32),
        "conv2.weight": he(32, 16, 3, 3),
        "conv2.bias": np.zeros(32, np.float32),
        "dense.weight": he(10, 32 * 4 * 4),
        "dense.bias": np.zeros(10, np.float32),
    }


def shifted(images, random):
    """About half of the images moved by at most one pixel: digits are not written at one place."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    corners = np.where(random.random((len(images), 1)) < 0.5, 1, random.integers(0, 3, (len(images), 2)))
    return np.stack([image[:, y : y + 8, x : x + 8] for image, (y, x) in zip(padded, corners)])


def train(images, labels, random):
    """Adam with a learning rate that falls linearly to zero."""
    p = initial_parameters(random)
    mean = {k: np.zeros_like(v) for k, v in p.items()}
    square = {k: np.zeros_like(v) for k, v in p.items()}
    steps, step = EPOCHS * (len(images) // BATCH), 0
    for epoch in range(EPOCHS):
        order = random.permutation(len(images))
        for start in range(0, len(images) - BATCH + 1, BATCH):
            picked = order[start : start + BATCH]
            probabilities, kept = forward(p, shifted(images[picked], random))
            step += 1
            rate = LEARNING_RATE * (1 - (step - 1) / steps)
            for name, gradient in backward(p, probabilities, labels[picked], kept).items():
                mean[name] = 0.9 * mean[name] + 0.1 * gradient
                square[name] = 0.999 * square[name] + 0.001 * gradient**2
                corrected = mean[name] / (1 - 0.9**step)
                spread = np.sqrt(square[name] / (1 - 0.999**step)) + 1e-8
                p[name] = (p[name] - rate * corrected / spread).astype(np.float32)
    return p


def check_gradients(random):
    """Compares backward with finite differences, in double precision, on a few parameters of every layer."""
    p = {k: v.astype(np.float64) for k, v in initial_parameters(random).items()}
    x, labels = random.random((4, 1, 8, 8)), np.array([3, 1, 4, 1])
    loss = lambda: -np.log(forward(p, x)[0][np.arange(4), labels]).mean()
    probabilities, kept = forward(p, x)
    for name, gradient in backward(p, probabilities, labels, kept).items():
        for index in random.integers(0, gradient.size, 5):
            value = p[name].flat[index]
            p[name].flat[index] = value + 1e-6
            above = loss()
            p[name].flat[index] = value - 1e-6
            slope = (above - loss()) / 2e-6
            p[name].flat[index] = value
            assert abs(slope - gradient.flat[index]) < 1e-6, (name, index, slope, gradient.flat[index])


def onnx_model(p):
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "conv1.weight", "conv1.bias"], ["c1"], "conv1", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Relu", ["c1"], ["r1"], "relu1"),
        node("MaxPool", ["r1"], ["p1"], "pool1", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "conv2.weight", "conv2.bias"], ["c2"], "conv2", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Relu", ["c2"], ["r2"], "relu2"),
        node("Flatten", ["r2"], ["features"], "flatten", axis=1),
        node("Gemm", ["features", "dense.weight", "dense.bias"], ["logits"], "dense", transB=1),
        node("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(value, name) for name, value in p.items()],
    )
    model = helper.make_model(graph, producer_name="aicc examples/digits", opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def write(name, data):
    path = os.path.join(HERE, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def main():
    random = np.random.default_rng(SEED)
    check_gradients(random)

    digits = load_digits()
    pixels, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)  # pixels are 0..16
    images = (pixels[:, None] / 16).astype(np.float32)
    order = random.permutation(len(images))
    held, rest = order[:HELD_BACK], order[HELD_BACK:]
    p = train(images[rest], labels[rest], random)

    # What the model computes, to more digits than the compiled model has: float32 weights, float64 arithmetic.
    exact = {k: v.astype(np.float64) for k, v in p.items()}
    probabilities, _ = forward(exact, images[held].astype(np.float64))
    accuracy = (probabilities.argmax(axis=1) == labels[held]).mean()
    print(f"{len(rest)} images trained on, {len(held)} held back: accuracy {100 * accuracy:.1f} %")
    assert accuracy >= 0.98

    write("digits.onnx", onnx_model(p).SerializeToString())
    write("test_images.bin", b"".join(pixels[i].tobytes() + bytes([labels[i]]) for i in held))
    # The image that the network is least sure of: all ten of its probabilities say something.
    unsure = probabilities.max(axis=1).argmin()
    first = numpy_helper.from_array(images[held[unsure]][None], "image")
    expected = numpy_helper.from_array(probabilities[unsure][None].astype(np.float32), "probabilities")
    write("test_data_set_0/input_0.pb", first.SerializeToString())
    write("test_data_set_0/output_0.pb", expected.SerializeToString())


if __name__ == "__main__":
    main()
