/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the ONNX importer share: the state of one import, and the scopes of names. */
#ifndef AICC_ONNX_IMPORTER_H
#define AICC_ONNX_IMPORTER_H
#include "base/file.h"
#include "name_table.h"
#include "onnx.pb-c.h"
#include "onnx_import.h"
#include "ops/operator.h"

enum { ONNX_IR_OLDEST = 3, ONNX_IR_NEWEST = 13, FUNCTION_DEPTH_LIMIT = 64 };

typedef struct ExternalFile {
  const char *path; /* resolved */
  MappedFile file;
} ExternalFile;

/* A function of the model and what is known of its body. */
typedef struct Function {
  const Onnx__FunctionProto *proto;
  NameTable opsets;
  uint64_t inlined_bytes; /* what one call takes */
  bool active;            /* being inlined: a call is a recursion */
  bool checked;           /* its nodes have been looked up */
  bool broken;            /* some node of it can never be built, as has been reported */
} Function;

typedef struct Importer {
  Module *module;
  Diagnostics *diagnostics;
  Arena *scratch; /* ends with the import */
  const Onnx__ModelProto *model;
  const char *path;
  const uint8_t *bytes; /* of the model; payload references count from here */
  size_t length;
  const char *directory; /* of the model's path, resolved; null: no external data */
  const char *real_directory; /* of the file that the path leads to, in a cache of links another one */
  const OnnxImportOptions *options; /* may be null */
  NameTable external;    /* location -> ExternalFile */
  NameTable functions;   /* "domain:name:overload" -> Function */
  NameTable domains;     /* that have operators */
  NameTable symbols;     /* dims that the inputs name */
  uint32_t function_depth;
  bool depth_told; /* that subgraphs are nested too deep */
  uint64_t inlined_bytes, inlined_byte_limit; /* an estimate of the memory that inlining takes */
} Importer;

/* What a name stands for. */
typedef struct Binding {
  Value *value;            /* null while not computed, where absent, and where poisoned */
  const Type *declared;    /* from value_info, null where unknown */
  const char *result_name; /* what the model's caller calls it; null: its own name */
  uint32_t producer;       /* the index of the node, or NO_PRODUCER */
  bool poisoned;           /* an error that was reported keeps it from having a value */
} Binding;
#define NO_PRODUCER UINT32_MAX

/* The names of one graph or of one call of a function. */
typedef struct Scope {
  struct Scope *parent; /* of a subgraph: the graph around it */
  Importer *importer;
  Arena *arena;
  Builder *builder;
  NameTable bindings;
  NameTable *opsets;           /* domain -> int64_t *; 0: wrong, and reported */
  const char *prefix;          /* of node names in messages: "call/", "" */
  const Onnx__NodeProto *call; /* in a function: the call, and where its attributes come from */
  const struct Scope *call_scope;
  const Onnx__FunctionProto *function;
  bool check_only; /* values are not computed, operators are looked up */
  bool broken;     /* a node can never be built */
} Scope;

/* onnx_graph.c */
Binding *scope_find(const Scope *scope, const char *name); /* in this scope and those around it */
/* Null, after reporting, where the scope has that name already. */
Binding *scope_bind(Scope *scope, const char *name, const Location *location);
void scope_start(Scope *scope, Importer *importer, Scope *parent, size_t expected_names);
void scope_end(Scope *scope);
/* Binds the names of the nodes' outputs; then imports the nodes in an order in which values exist before they
   are used. */
void nodes_bind(Scope *scope, Onnx__NodeProto *const *nodes, size_t node_count);
void nodes_import(Scope *scope, Onnx__NodeProto *const *nodes, size_t node_count);
bool import_main_graph(Importer *importer, NameTable *opsets, const OnnxImportOptions *options);
/* How many names a graph defines itself. */
size_t graph_name_count(const Onnx__GraphProto *graph);
/* Binds the initializers to constants in the scope's region. */
void graph_bind_initializers(Scope *scope, const Onnx__GraphProto *graph);
/* Notes the declared types of what nodes compute. */
void graph_bind_declared(Scope *scope, const Onnx__GraphProto *graph);

/* onnx_subgraph.c */
/* The subgraphs of a node: those that its operator had built need no look. */
typedef struct Subgraphs {
  Scope *scope;
  const Onnx__NodeProto *node;
  const char *label;
  const Onnx__GraphProto **built;
  size_t built_count, built_capacity;
} Subgraphs;
/* SubgraphBuilder.build, for `user` a Subgraphs: the nodes of the graph, in the scope around, become nodes of the
   region. */
bool subgraph_build(void *user, const void *graph, Region *region);
/* Looks up the operators within the subgraphs that were not built, so that every fault is told. */
void subgraphs_check(Subgraphs *subgraphs);

/* onnx_node.c */
void import_node(Scope *scope, const Onnx__NodeProto *node, uint32_t index);
/* What a node is called in messages: its name or "#index OpType", after the scope's prefix. */
const char *node_label(const Scope *scope, const Onnx__NodeProto *node, uint32_t index);
/* The prefix for the nodes within: "label/" or "label/part/". */
const char *label_prefix(Scope *scope, const char *label, const char *part);
/* Sets the value of a binding, or poisons it with null. */
void binding_set(Scope *scope, Binding *binding, const char *name, Value *value);

/* onnx_attribute.c */
/* The attribute that a node's attribute stands for: itself or, by ref_attr_name, one of the call. Null where
   the call has none. */
const Onnx__AttributeProto *attribute_resolve(const Scope *scope, const Onnx__AttributeProto *proto);
/* Reports at the builder's location and returns false. */
bool attribute_convert(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute);

/* onnx_function.c */
void function_table_start(Importer *importer);
Function *function_find(Importer *importer, const Onnx__NodeProto *node);
/* Inlines a call, or only looks through the function when its inputs are not `ready`. `label` is the call's
   name in messages. Sets one result per output of the node (null where it is absent); false after an error.
 */
bool function_call(Scope *scope, Function *function, const Onnx__NodeProto *node, const char *label,
                   bool ready, Value *const *inputs, Value **results);
/* Domain -> version; versions that are not supported are reported and become 0. */
void opset_table_start(Importer *importer, NameTable *opsets, const Location *location,
                       Onnx__OperatorSetIdProto *const *imports, size_t count);
/* "ai.onnx" is the empty domain. */
const char *domain_name(const char *domain);

/* onnx_type.c */
/* The tensor type of a graph's input; reports and returns false. */
bool type_of_input(Importer *importer, const Onnx__ValueInfoProto *info, Type *type);
/* The declared type of another value, null where it says nothing. Dims that are neither constants nor symbols
   of the inputs are invalid dims. */
const Type *type_declared(Importer *importer, Arena *arena, const Onnx__TypeProto *proto);
/* Whether an output of the model is declared as a tensor, or as nothing; reports. */
bool type_of_output(Importer *importer, const Onnx__ValueInfoProto *info);
/* Compares a computed type with the declared one of a graph's output. Another shape is a warning: the computed one
   counts. Another element type is an error: reports and returns false. */
bool type_check_output(Importer *importer, const Onnx__ValueInfoProto *info, const Type *type,
                       const Location *location);
/* ELEMENT_UNDEFINED for numbers that are no element type. */
ElementType element_of_number(int32_t number);

/* onnx_tensor.c */
/* A tensor's constant and type; reports at `location` and returns null. */
const Blob *tensor_blob(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                        Type *type);
const Blob *sparse_tensor_blob(Importer *importer, const Location *location,
                               const Onnx__SparseTensorProto *proto, Type *type);
bool tensor_error(Importer *importer, const Location *location, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* onnx_external.c */
/* The bytes of a tensor that stands in another file; reports and returns false. */
bool external_data(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                   uint64_t byte_count, Blob *blob);

static inline const char *text_or_empty(const char *text) {
  return text ? text : "";
}
#endif
