/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of the model formats. Each is defined once, in a family file of this folder: names, versions,
   operands, attributes, documentation, and its expansion into primitives. Everything else (dispatch, defaults,
   checks, reference pages, the list of tests) is derived from these rows. */
#ifndef AICC_OPS_OPERATOR_H
#define AICC_OPS_OPERATOR_H
#include "ir/build.h"

/* Inputs of variadic operators become nodes, so their number bounds the memory that a small file can ask for. */
enum { OPERATOR_VARIADIC_LIMIT = 65536 };
/* Of a row; one place of each stays empty. */
enum { OPERATOR_INPUT_LIMIT = 8, OPERATOR_ATTRIBUTE_LIMIT = 16, ONNX_OPSET_NEWEST = 28 };

typedef enum OperatorElements {
  ELEMENTS_EVERY,   /* every element type: what does not touch the elements */
  ELEMENTS_ANY,     /* what has an address: strings and complex numbers included, types below a byte not */
  ELEMENTS_NUMERIC, /* integers and floats */
  ELEMENTS_FLOAT,
  ELEMENTS_INTEGER,
  ELEMENTS_SIGNED, /* signed integers and floats */
  ELEMENTS_BOOL,
  ELEMENTS_ARITHMETIC, /* bool, integers, floats */
  ELEMENTS_I64,        /* exactly i64 */
  ELEMENTS_INDEX       /* i64 or i32: what chooses elements of another tensor */
} OperatorElements;

typedef struct OperatorInput {
  const char *name;
  OperatorElements elements;
  /* Inputs with the same letter must have the same element type; 0: free. */
  char type_variable;
  bool optional;
} OperatorInput;

typedef struct OperatorAttribute {
  const char *name;
  AttributeKind kind;
  bool required;
  bool no_default; /* INT and FLOAT: absent unless the model gives it */
  int64_t integer; /* default of INT */
  double number;   /* default of FLOAT */
  const char *string;
} OperatorAttribute;

typedef struct OperatorCall OperatorCall;

/* One form of an operator over a range of opset versions. */
typedef struct Operator {
  const char *domain; /* "" is ai.onnx */
  const char *name;   /* as in the format: "HardSigmoid" */
  int32_t since, until; /* first and last opset version of this form; until 0: still current */
  OperatorInput inputs[OPERATOR_INPUT_LIMIT];
  bool variadic; /* the last input repeats */
  OperatorAttribute attributes[OPERATOR_ATTRIBUTE_LIMIT];
  int32_t output_count; /* the most outputs; 0 means 1 */
  /* The old broadcasting attributes `broadcast` and `axis` (before opset 7) shape the second input: LEGACY_BROADCAST. */
  bool legacy_broadcast;
  /* Either a text over the inputs' names, the attributes' names and scalar functions (expression.h) ... */
  const char *text;
  /* ... or a function. It sets results[] (null: not produced) and returns false after reporting. */
  bool (*expand)(OperatorCall *call, Value **results);
  int32_t variant; /* the function's own */
  const char *doc;
} Operator;

/* How a frontend builds a subgraph, the `graph` of an attribute, into an empty region: its inputs are the region's
   arguments, its outputs become the region's results. False after an error, which has been reported. */
typedef struct SubgraphBuilder {
  bool (*build)(void *user, const void *graph, Region *region);
  void *user;
} SubgraphBuilder;

/* What an expansion sees. */
struct OperatorCall {
  const Operator *operator;
  Builder *builder;
  int64_t opset; /* of the operator's domain */
  Value *const *inputs;   /* absent: null */
  uint32_t input_count;
  const Attribute *attributes; /* one per attribute of the row, defaults filled in; kind NONE where absent */
  uint32_t output_count;
  const bool *output_wanted;
  const Type *declared; /* per output, from the model; kind TENSOR with element UNDEFINED where unknown */
  const SubgraphBuilder *subgraphs; /* null where there are none */
  bool subgraph_failed;             /* the reason, reported already, lies within a subgraph or before the call */
};

/* The form of an operator at an opset version; null where there is none. `known` (may be null) tells whether the
   operator exists at any version. */
const Operator *operator_find(const char *domain, const char *name, int64_t opset, bool *known);
/* All rows, for derived tables: null after the last. */
const Operator *operator_at(size_t index);

/* Checks counts, element types and attributes against the row (every violation is reported at the builder's
   location), fills defaults, and expands. `results` has room for output_count values; an output that is not
   wanted may stay null. `attributes` are the model's, in any order; `subgraphs` may be null where none of them is a
   graph. */
bool operator_build(const Operator *row, Builder *builder, int64_t opset, Value *const *inputs,
                    uint32_t input_count, const Attribute *attributes, uint32_t attribute_count,
                    const bool *output_wanted, uint32_t output_count, const Type *declared,
                    const SubgraphBuilder *subgraphs, Value **results);

/* Access within an expansion. */
Value *call_input(const OperatorCall *call, const char *name); /* null where absent */
const Attribute *call_attribute(const OperatorCall *call, const char *name);
int64_t call_int(const OperatorCall *call, const char *name);
double call_float(const OperatorCall *call, const char *name);
const char *call_string(const OperatorCall *call, const char *name);
/* Builds the graph of an attribute into a region whose arguments are its inputs; false after a report. */
bool call_subgraph(OperatorCall *call, const char *name, Region *region);
/* Reports node-invalid at the call's location; returns false. */
bool call_invalid(const OperatorCall *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
