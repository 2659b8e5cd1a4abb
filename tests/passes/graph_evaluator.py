# SPDX-License-Identifier: Apache-2.0
"""Reads the textual form of the tensor graph and computes it with numpy, by the definitions of docs/ir.md and
compiler/ir/scalar.def: it shares nothing with the compiler. Floats are computed in float64, whatever their type;
integers wrap as their type does.

    module = parse(text)
    results = module.run({"x": array, ...}, {"N": 3})       # by the names of the entry's results

A require that fails raises StatusError with its status, an index out of range one with AICC_E_INDEX."""
import math
import re

import numpy as np

E_SHAPE, E_INDEX = 3, 4
FLOATS = {"f16": np.float64, "bf16": np.float64, "f32": np.float64, "f64": np.float64}
INTEGERS = {"%s%d" % (sign, bits): np.dtype("%sint%d" % ("u" if sign == "u" else "", bits))
            for sign in "iu" for bits in (8, 16, 32, 64)}
# Types that can be moved only; what moves is their bits.
MOVED = {"f8e4m3fn": "u1", "f8e4m3fnuz": "u1", "f8e5m2": "u1", "f8e5m2fnuz": "u1", "f8e8m0": "u1", "c64": "c8", "c128": "c16"}
TOKEN = re.compile(r'\s+|//[^\n]*|("(?:\\.|[^"\\])*"|->|%\w+|#\d+|@\w+|0x[0-9a-f]+|\d+\.\d+(?:e[+-]?\d+)?|\d+|[A-Za-z_][\w.]*|.)')


class StatusError(Exception):
    def __init__(self, status):
        Exception.__init__(self, "status %d" % status)
        self.status = status


def dtype_of(element):
    return np.dtype(FLOATS.get(element) or INTEGERS.get(element) or MOVED.get(element) or np.bool_)


# --- Dims and subscripts: functions of an environment that gives symbols and labels their values. ---

def floor_divide(a, b):
    return a // b


FUNCTIONS = {"floordiv": floor_divide, "mod": lambda a, b: a % b, "min": lambda *a: min(a), "max": lambda *a: max(a),
             "bdim": lambda a, b: b if a == 1 else a}


class Expression:
    """`label` is the word where the expression is one word alone."""

    def __init__(self, function, label=None):
        self.of, self.label = function, label


class Tensor:
    """A type: element and dims."""

    def __init__(self, element, dims):
        self.element, self.dims = element, dims

    def shape(self, env):
        return tuple(int(dim.of(env)) for dim in self.dims)


class Node:
    def __init__(self):
        self.results, self.types, self.operands, self.accesses, self.attributes, self.regions = [], [], [], [], {}, []
        self.kind = self.word = self.result = None
        self.indices, self.extents = {}, {}  # labels that operands give; stated extents


class Region:
    def __init__(self):
        self.arguments, self.nodes, self.results = [], [], []


class Parser:
    def __init__(self, text):
        self.tokens = [m.group(1) for m in TOKEN.finditer(text) if m.group(1)]
        self.at = 0
        self.symbols, self.blobs = {}, {}

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def expect(self, token):
        assert self.next() == token, "expected %s before %s" % (token, " ".join(self.tokens[self.at - 6:self.at + 6]))

    def listed(self, end, one):
        items = []
        while not self.take(end):
            if items:
                self.expect(",")
            items.append(one())
        return items

    # Sums of products.
    def expression(self):
        terms = [(self.take("-"), self.product())]
        while self.peek() in ("+", "-"):
            terms.append((self.next() == "-", self.product()))
        if len(terms) == 1 and not terms[0][0]:
            return terms[0][1]
        return Expression(lambda env: sum(-t.of(env) if minus else t.of(env) for minus, t in terms))

    def product(self):
        factors = [self.factor()]
        while self.take("*"):
            factors.append(self.factor())
        if len(factors) == 1:
            return factors[0]

        def multiply(env):
            result = 1
            for factor in factors:
                result = result * factor.of(env)
            return result
        return Expression(multiply)

    def factor(self):
        token = self.next()
        if token == "(":
            inner = self.expression()
            self.expect(")")
            return Expression(inner.of)
        if token.isdigit():
            return Expression(lambda env, value=int(token): value)
        if token in FUNCTIONS and self.take("("):
            arguments = self.listed(")", self.expression)
            return Expression(lambda env: FUNCTIONS[token](*[a.of(env) for a in arguments]))
        name = token.strip('"')
        return Expression(lambda env: env[name], name)

    def type(self):
        element = self.next()
        self.expect("[")
        return Tensor(element, self.listed("]", self.expression))

    def number(self):
        sign = -1 if self.take("-") else 1
        token = self.next()
        return sign * (math.inf if token == "inf" else math.nan if token == "nan" else int(token, 16) if token[:2] == "0x"
                       else float(token) if "." in token or "e" in token else int(token))

    def module(self):
        for word in ("module", None, "hash", None, "{"):
            token = self.next()
            assert word is None or token == word
        while True:
            word = self.next()
            if word == "symbol":
                name = self.next().strip('"')
                self.expect("in")
                self.expect("[")
                low = self.number()
                self.expect(",")
                self.symbols[name] = (low, self.number())
                self.expect("]")
            elif word == "blob":
                self.blob()
            else:
                assert word == "entry"
                self.next()
                return self.entry()

    def blob(self):
        name = self.next()
        self.expect(":")
        element = self.next()
        self.expect("x")
        count = int(self.next())
        self.expect("=")
        if self.take("splat"):
            values = [self.value(element)] * count
        else:
            self.expect("[")
            values = self.listed("]", lambda: self.value(element))
        self.blobs[name] = np.array(values, dtype=dtype_of(element))

    def value(self, element):
        if element == "bool" and self.peek() in ("true", "false"):
            return self.next() == "true"
        return self.number()

    def named(self):
        """%1 "name": type"""
        value = self.next()
        name = self.next().strip('"') if self.peek()[:1] == '"' else None
        self.expect(":")
        return value, self.type(), name

    def entry(self):
        self.expect("(")
        arguments = self.listed(")", self.named)
        self.expect("->")
        self.expect("(")
        results = self.listed(")", self.named)
        self.expect("{")
        body = self.region_body()
        body.arguments = arguments
        return Module(self, body, [name.strip('"') for name, _, _ in results])

    def region_body(self):
        region = Region()
        while not self.take("return"):
            region.nodes.append(self.node())
        region.results = []
        while self.peek() != "}":
            self.take(",")
            region.results.append(self.next())
        self.expect("}")
        return region

    def node(self):
        node = Node()
        while self.peek()[0] == "%":
            value, type_, _ = self.named()
            node.results.append(value)
            node.types.append(type_)
            if not self.take(","):
                self.expect("=")
        node.kind = self.next()
        if node.kind == "reduce":
            node.word = self.next()
        if node.kind == "constant":
            node.word = self.next()
        elif self.take("("):
            self.listed(")", lambda: self.operand(node))
        if self.take("->"):
            self.expect("[")
            node.result = self.listed("]", self.expression)
        if self.take("{"):
            self.listed("}", lambda: self.extent(node))
        if self.take("<"):
            self.listed(">", lambda: self.attribute(node))
        if self.take("loc"):
            self.next()
        while self.take("region"):
            arguments = self.listed(")", self.named) if self.take("(") else []
            self.expect("{")
            node.regions.append(self.region_body())
            node.regions[-1].arguments = arguments
        return node

    def operand(self, node):
        token = self.next()
        if token[0] not in "%_":
            node.indices[token] = len(node.operands)
            self.expect("=")
            token = self.next()
        node.operands.append(None if token == "_" else token)
        node.accesses.append(self.listed("]", self.expression) if self.take("[") else [])

    def extent(self, node):
        label = self.next()
        if self.take("="):
            node.extents[label] = self.expression()

    def attribute(self, node):
        name = self.next()
        self.expect("=")
        node.attributes[name] = self.listed("]", self.expression) if self.take("[") else self.number()


def parse(text):
    return Parser(text).module()


# --- Scalar functions. ---

def wrap(values, element):
    """Integers of any size as those of the type."""
    dtype = INTEGERS[element]
    bits = dtype.itemsize * 8
    flat = [int(v) & ((1 << bits) - 1) for v in np.asarray(values, dtype=object).ravel()]
    if dtype.kind == "i":
        flat = [v - (1 << bits) if v >> (bits - 1) else v for v in flat]
    return np.array(flat, dtype=dtype).reshape(np.shape(values))


def each(function):
    vectorized = np.vectorize(function, otypes=[object])
    return lambda *arrays: vectorized(*arrays) if np.broadcast(*arrays).size else np.empty(np.broadcast(*arrays).shape, object)


def truncated(a, b):
    return 0 if b == 0 else (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def power(a, b):
    if b >= 0:
        return pow(a, b, 1 << 64)
    return 0 if abs(a) > 1 or a == 0 else a if b % 2 else 1


INTEGER_FUNCTIONS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": truncated,
    "mod": lambda a, b: 0 if b == 0 else a % b, "rem": lambda a, b: 0 if b == 0 else a - b * truncated(a, b),
    "min": min, "max": max, "neg": lambda a: -a, "abs": abs, "sign": lambda a: (a > 0) - (a < 0),
    "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b, "not": lambda a: ~a, "ipow": power}
COMPARISONS = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
TRUTH_FUNCTIONS = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor, "not": np.logical_not}
erf, erfc = np.vectorize(math.erf, otypes=[float]), np.vectorize(math.erfc, otypes=[float])
FLOAT_FUNCTIONS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "fmod": np.fmod, "pow": np.power,
    "min": np.minimum, "max": np.maximum, "neg": np.negative, "abs": np.abs, "sign": np.sign, "floor": np.floor,
    "ceil": np.ceil, "trunc": np.trunc, "round": np.rint, "sqrt": np.sqrt, "rsqrt": lambda x: 1 / np.sqrt(x),
    "recip": lambda x: 1 / x, "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "erf": erf, "erfc": erfc,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.logaddexp(x, 0),
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "gelu_tanh": lambda x: x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))) / 2,
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "round_f16": lambda x: x.astype(np.float16).astype(float), "round_bf16": lambda x: round_bf16(x)}


def round_bf16(x):
    bits = np.atleast_1d(np.asarray(x, dtype=np.float32)).view(np.uint32).astype(np.uint64)
    bits = ((bits + np.uint64(0x7fff) + (bits >> np.uint64(16) & np.uint64(1))) & np.uint64(0xffff0000)).astype(np.uint32)
    return bits.view(np.float32).astype(float).reshape(np.shape(x))


def shift(name, element):
    bits = INTEGERS[element].itemsize * 8

    def of(a, b):
        b &= (1 << bits) - 1
        if name == "shl":
            return a << b if b < bits else 0
        return a >> b if b < bits else 0
    return of


def cast(array, source, target):
    if target == "bool":
        return array != 0
    if target in FLOATS:
        values = array.astype(float)
        rounding = {"f16": np.float16, "f32": np.float32}.get(target)
        if target == "bf16":
            return round_bf16(values)
        return values.astype(rounding).astype(float) if rounding else values
    if source in FLOATS:
        info = np.iinfo(INTEGERS[target])
        clamp = each(lambda x: 0 if math.isnan(x) else info.max if x >= info.max else info.min if x <= info.min else int(x))
        return wrap(clamp(array), target)
    return wrap(array.astype(object), target)


def scalar(name, operands, elements, target):
    """A scalar function on arrays of those element types; the result's is `target`."""
    element = elements[-1]
    if name == "select":
        return np.where(operands[0], operands[1], operands[2])
    if name == "cast":
        return cast(operands[0], element, target)
    if name == "bitcast":
        return operands[0].view(dtype_of(target))
    if name in COMPARISONS:
        return COMPARISONS[name](*operands)
    if element == "bool":
        return TRUTH_FUNCTIONS[name](*operands)
    if element in FLOATS:
        return FLOAT_FUNCTIONS[name](*operands)
    function = shift(name, element) if name in ("shl", "shr") else INTEGER_FUNCTIONS[name]
    return wrap(each(function)(*[o.astype(object) for o in operands]), element)


# --- Nodes. ---

def identity(monoid, element):
    if monoid in ("add", "or"):
        return 0
    if monoid == "mul":
        return 1
    if monoid == "and":
        return True if element == "bool" else wrap(-1, element)[()]
    if element in FLOATS:
        return -math.inf if monoid == "max" else math.inf
    info = np.iinfo(INTEGERS[element])
    return info.min if monoid == "max" else info.max


def fold(monoid, element, values, axes):
    if not axes:
        return values
    if element == "bool":
        return (np.logical_or if monoid == "or" else np.logical_and).reduce(values, axis=axes, keepdims=True)
    ufunc = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum, "and": np.bitwise_and,
             "or": np.bitwise_or}[monoid]
    start = identity(monoid, element)
    return ufunc.reduce(values, axis=axes, keepdims=True, initial=start, dtype=values.dtype)


class Module:
    def __init__(self, parser, body, result_names):
        self.symbols, self.blobs, self.body, self.result_names = parser.symbols, parser.blobs, body, result_names

    @np.errstate(all="ignore")
    def run(self, inputs, sizes):
        values = {value: np.asarray(inputs[name], dtype=dtype_of(type_.element)) for value, type_, name in self.body.arguments}
        types = {value: type_ for value, type_, _ in self.body.arguments}
        self.region(self.body, values, types, dict(sizes))
        return {name: values[value] for name, value in zip(self.result_names, self.body.results)}

    def region(self, region, values, types, env):
        for node in region.nodes:
            if node.kind == "require_dims" and any(form.of(env) for form in node.attributes["zero"]):
                raise StatusError(E_SHAPE)
        for node in region.nodes:
            for value, type_, result in zip(node.results, node.types, self.node(node, values, types, env)):
                values[value] = np.asarray(result, dtype=dtype_of(type_.element))
                types[value] = type_
                shape = type_.shape(env)
                assert values[value].shape == shape, "%s: %s, its type says %s" % (value, values[value].shape, shape)

    def node(self, node, values, types, env):
        operands = [values[name] if name else None for name in node.operands]
        kind, attributes = node.kind, node.attributes
        if kind == "require_dims":
            return []
        if kind == "require":
            if not operands[0]:
                raise StatusError(int(attributes["status"]))
            return []
        if kind in ("if", "loop", "scan"):
            return getattr(self, kind + "_")(node, operands, values, types, env)
        shape = node.types[0].shape(env)
        if kind == "constant":
            return [self.blobs[node.word].reshape(shape)]
        if kind == "iota":
            along = [-1 if i == attributes["axis"] else 1 for i in range(len(shape))]
            return [np.broadcast_to(np.arange(shape[attributes["axis"]]).reshape(along), shape)]
        if kind == "dims":
            return [[int(dim.of(env)) for dim in attributes["dims"]]]
        if kind == "reshape":
            return [operands[0].reshape(shape)]
        if kind == "concat":
            return [np.concatenate(operands, attributes["axis"])]
        if kind == "softmax":
            x = operands[0] - np.max(operands[0], axis=attributes["axis"], keepdims=True, initial=-math.inf)
            total = np.exp(x).sum(axis=attributes["axis"], keepdims=True)
            return [x - np.log(total) if attributes["log"] else np.exp(x) / total]
        if node.result is not None:
            return [self.equation(node, operands, types, env, shape)]
        elements = [types[name].element for name in node.operands]
        result = scalar(kind, operands, elements, node.types[0].element)
        return [np.broadcast_to(result, shape)]

    def equation(self, node, operands, types, env, shape):
        accesses = node.accesses[:len(operands) - (node.kind == "view" and len(operands) == 2)]
        labels = self.extents(node, accesses, types, env)
        grid = dict(env)
        for place, (label, extent) in enumerate(labels.items()):
            grid[label] = np.arange(extent).reshape([-1 if i == place else 1 for i in range(len(labels))])
        for label, k in node.indices.items():
            values, inside = self.read(operands[k], accesses[k], grid, len(labels))
            limit = self.extent_of(node, label, accesses, types, env)
            if np.any(inside & ((values < 0) | (values >= limit))):
                raise StatusError(E_INDEX)
            grid[label] = np.where(inside, values, 0).astype(np.int64)
        element = types[node.operands[0]].element
        values, inside = self.read(operands[0], accesses[0], grid, len(labels))
        if node.kind == "contract":
            other, also = self.read(operands[1], accesses[1], grid, len(labels))
            values, inside = values * other, inside & also
        for k in node.indices.values():
            inside = inside & self.read(operands[k], accesses[k], grid, len(labels))[1]
        monoid = "add" if node.kind == "contract" else node.word
        neutral = identity(monoid, element) if monoid else operands[1] if len(operands) > len(accesses) else np.zeros((), values.dtype)
        full = tuple(labels.values())
        values = np.where(np.broadcast_to(inside, full), np.broadcast_to(values, full), neutral).astype(values.dtype)
        kept = {name for expression in node.result for name in self.names_in(expression, grid)}
        reduced = tuple(i for i, label in enumerate(labels) if label not in kept)
        if monoid:
            values = fold(monoid, element, values, reduced)
        out = np.zeros(shape, dtype=values.dtype)
        subscripts = [np.asarray(e.of(grid)) for e in node.result]
        if not subscripts:
            return values.reshape(())
        target = np.broadcast_shapes(*[s.shape for s in subscripts], values.shape)
        out[tuple(np.broadcast_to(s, target) for s in subscripts)] = np.broadcast_to(values, target)
        return out

    @staticmethod
    def names_in(expression, grid):
        """The labels that an expression depends on: those that it asks for."""
        asked = set()

        class Asking(dict):
            def __getitem__(self, name):
                asked.add(name)
                return grid[name]
        expression.of(Asking())
        return asked

    @staticmethod
    def read(array, access, grid, rank):
        """The elements at an access, and whether they are inside; shapes broadcast over the labels."""
        subscripts = [np.asarray(e.of(grid)) for e in access]
        inside = np.ones([1] * rank, dtype=bool)
        for subscript, dim in zip(subscripts, array.shape):
            inside = inside & (subscript >= 0) & (subscript < dim)
        if array.size == 0:
            return np.zeros(inside.shape, dtype=array.dtype), np.zeros(inside.shape, dtype=bool)
        places = tuple(np.clip(s, 0, dim - 1) for s, dim in zip(subscripts, array.shape))
        return np.asarray(array[places]), inside

    def extents(self, node, accesses, types, env):
        """Of the labels that range, in order of appearance."""
        names = {}
        for access in [node.result] + accesses:
            for expression in access:
                class Noting(dict):
                    def __getitem__(self, name):
                        if name not in env:
                            names.setdefault(name)
                            return 1
                        return env[name]
                expression.of(Noting())
        return {name: self.extent_of(node, name, accesses, types, env) for name in names if name not in node.indices}

    @staticmethod
    def extent_of(node, label, accesses, types, env):
        if label in node.extents:
            return int(node.extents[label].of(env))
        for access, type_ in [(node.result, node.types[0])] + [(a, types[o]) for a, o in zip(accesses, node.operands)]:
            for expression, dim in zip(access, type_.dims):
                if expression.label == label:
                    return int(dim.of(env))
        raise AssertionError("no extent of %s" % label)

    # --- Branches and loops. ---

    def call(self, region, arguments, values, types, env):
        inner, inner_types = dict(values), dict(types)
        for (name, type_, _), value in zip(region.arguments, arguments):
            inner[name] = np.asarray(value, dtype=dtype_of(type_.element))
            inner_types[name] = type_
        self.region(region, inner, inner_types, env)
        return [inner[name] for name in region.results]

    def if_(self, node, operands, values, types, env):
        return self.call(node.regions[0 if operands[0] else 1], [], values, types, env)

    def loop_(self, node, operands, values, types, env):
        trip = math.inf if operands[0] is None else int(operands[0])
        condition = True if operands[1] is None else bool(operands[1])
        count = node.attributes["carried"]
        carried, parts, i = operands[2:2 + count], [], 0
        while i < trip and condition:
            given = self.call(node.regions[0], [i, True] + carried, values, types, env)
            condition = bool(given[0]) or operands[1] is None
            carried = given[1:1 + count]
            parts.append(given[1 + count:])
            i += 1
        return carried + self.stacked(node, count, parts, env)

    def scan_(self, node, operands, values, types, env):
        count = node.attributes["carried"]
        carried, parts = operands[:count], []
        for i in range(len(operands[count])):
            given = self.call(node.regions[0], carried + [x[i] for x in operands[count:]], values, types, env)
            carried = given[:count]
            parts.append(given[count:])
        return carried + self.stacked(node, count, parts, env)

    @staticmethod
    def stacked(node, count, parts, env):
        types = node.types[count:]
        return [np.array([p[k] for p in parts], dtype=dtype_of(t.element)).reshape(t.shape(env)) for k, t in enumerate(types)]
