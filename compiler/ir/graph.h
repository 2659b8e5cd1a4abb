/* SPDX-License-Identifier: Apache-2.0 */
/* The tensor graph: SSA values, nodes, regions, entries. Everything of a module lives in its arena. */
#ifndef AICC_IR_GRAPH_H
#define AICC_IR_GRAPH_H
#include "base/arena.h"
#include "base/diagnostics.h"
#include "ir/machine.h"
#include "ir/scalar.h"
#include "ir/storage_order.h"
#include "ir/type.h"
#include <stdio.h>

typedef enum PrimitiveKind {
#define PRIMITIVE(constant, name, least, most, regions, equation, attributes, doc) PRIMITIVE_##constant,
#include "ir/primitive.def"
#undef PRIMITIVE
  PRIMITIVE_COUNT
} PrimitiveKind;

typedef struct PrimitiveInfo {
  const char *name;
  int32_t least_operands, most_operands;
  uint32_t region_count;
  bool has_equation;
  const char *attributes;
  const char *doc;
} PrimitiveInfo;
const PrimitiveInfo *primitive_info(PrimitiveKind kind);

/* Constant data by reference. Exactly one of the sources is set:
   - `splat`: one element stands for all (bytes: that element, in its storage form; string: never);
   - `decode`: an encoding that is not the dense little-endian form; decode(blob, out) writes the dense form;
   - otherwise `bytes` points at the dense form: into a mapped file (`file` set) or into the module's arena. */
typedef struct Blob {
  ElementType element;
  int64_t element_count;
  const uint8_t *bytes;
  uint64_t byte_count; /* of the dense form; strings: of the descriptors in `strings` */
  bool splat;
  const char *file; /* path of the mapped file, null for memory */
  uint64_t file_offset;
  void (*decode)(const struct Blob *blob, void *dense);
  const void *decode_user;
  const struct BlobPacking *packing; /* of a blob_packed; null otherwise */
  const char *const *strings; /* ELEMENT_STRING: element_count pointers, null-terminated */
} Blob;

/* Element [i0, i1, ...] of the extents is the source's at offset + sum of i * stride; it stands where the order says. */
typedef struct BlobPacking {
  const Blob *source;
  uint32_t rank;
  const StorageOrder *order; /* null: row-major */
  int64_t offset;
  int64_t extents[RANK_LIMIT], strides[RANK_LIMIT]; /* elements; every element lies in the source */
} BlobPacking;

/* The source's elements in that order, made when they are read (a splat stays one). Extents are at least 1. */
const Blob *blob_packed(Arena *arena, const BlobPacking *packing);
/* A dense blob over `bytes` (not copied). */
const Blob *blob_dense(Arena *arena, ElementType element, int64_t element_count, const void *bytes);
/* All elements equal to the one at `element_bytes` (copied). */
const Blob *blob_splat(Arena *arena, ElementType element, int64_t element_count, const void *element_bytes);
/* Writes the dense form, blob->byte_count bytes. */
void blob_read(const Blob *blob, void *dense);
/* Hash over element type, count and dense content. */
uint64_t blob_hash(const Blob *blob);
/* The i-th element of a bool or integer blob; floats are truncated. False for strings and sub-byte types. */
bool blob_integer_at(const Blob *blob, int64_t index, int64_t *value);
/* As blob_integer_at, but of floats only where they are whole and below 2^53: beyond it not every integer is a float64. */
bool blob_whole_at(const Blob *blob, int64_t index, int64_t *value);
/* The i-th element of a numeric or bool blob as a double (f16, bf16 converted). */
bool blob_float_at(const Blob *blob, int64_t index, double *value);

typedef enum AttributeKind {
  ATTRIBUTE_NONE,
  ATTRIBUTE_INT,
  ATTRIBUTE_FLOAT,
  ATTRIBUTE_STRING,
  ATTRIBUTE_INTS,
  ATTRIBUTE_FLOATS,
  ATTRIBUTE_STRINGS,
  ATTRIBUTE_DIMS,
  ATTRIBUTE_BLOB,  /* a tensor: `blob` with `type` */
  ATTRIBUTE_TYPE,
  ATTRIBUTE_GRAPH  /* a subgraph of the frontend: `graph` is the frontend's */
} AttributeKind;

typedef struct Attribute {
  const char *name;
  AttributeKind kind;
  int64_t integer;
  double number;
  const char *string;
  size_t count; /* of the lists */
  const int64_t *integers;
  const double *numbers;
  const char *const *strings;
  const Dim *dims;
  const Blob *blob;
  Type type;
  const void *graph;
} Attribute;

/* A label ranges over [0, extent). An index does not: the point has the integer that an operand (of gather, not the
   first) holds there; outside of [0, extent) it makes the run return AICC_E_INDEX. */
typedef struct Label {
  const char *name;
  Dim extent;
  uint32_t index; /* the number of that operand; 0: the label ranges */
} Label;

typedef struct AffineTerm {
  uint32_t label;
  Dim coefficient; /* not 0 */
} AffineTerm;

/* offset + sum of coefficient * label; terms sorted by label, each label once. */
typedef struct Subscript {
  Dim offset;
  uint32_t term_count;
  const AffineTerm *terms;
} Subscript;

typedef struct Access {
  uint32_t rank;
  const Subscript *subscripts;
} Access;

/* Subscripted meaning of view, reduce, contract and gather: result[...] = op over operand k at [...]. Points where any
   subscript of an operand leaves its tensor do not take part. Each element of the result is written by one combination
   of the labels in the result's subscripts, which are the whole of it: verify_equation.c. */
typedef struct Equation {
  uint32_t label_count;
  const Label *labels;
  uint32_t operand_count;
  const Access *operands;
  Access result;
} Equation;

enum { REGION_DEPTH_LIMIT = 64 }; /* regions nested in one another */

typedef struct Node Node;
typedef struct Region Region;

typedef struct AssumedDims {
  uint32_t count;
  const Dim *dims;
} AssumedDims;

typedef struct Value {
  Type type;
  const char *name; /* as in the model; may be null; unique only after printing numbered it */
  Node *producer;   /* null for region arguments */
  uint32_t index;   /* among the producer's results or the region's arguments */
  uint32_t id;      /* unique in the module, in order of creation */
  struct Value *replacement; /* set while a pass replaces values: region_apply_replacements */
  uint32_t use_count;        /* valid after region_count_uses */
  uint32_t mark;             /* a pass's own */
  const Dim *tracked;        /* the integers it holds, where known (value_track) */
  AssumedDims assumed;       /* while these dims are not negative; else they do not fit its type */
} Value;

struct Node {
  PrimitiveKind kind;
  Scalar scalar; /* MAP: which function */
  uint32_t operand_count, result_count, attribute_count, region_count;
  Value **operands; /* null: an absent optional operand */
  Value **results;
  const Attribute *attributes;
  const Equation *equation;
  Region **regions;
  Location location;
  Node *previous, *next;
  Region *parent;
};

struct Region {
  uint32_t argument_count, result_count;
  Value **arguments;
  Value **results;
  Node *first, *last;
  Node *owner; /* null for an entry's body */
};

typedef struct Entry {
  const char *name;
  Region *body;
  const char *const *argument_names; /* as in the model */
  const char *const *result_names;
} Entry;

/* A check that a region makes of its dims: the form must be 0. */
typedef struct DimRequirement {
  const Region *region;
  Dim form;
} DimRequirement;

typedef struct Module {
  Arena *arena;
  Diagnostics *diagnostics;
  DimContext *dims;
  const char *name;        /* of the model file, for messages */
  char source_hash[17];    /* hexadecimal, over the model's bytes */
  const Machine *machine;  /* that code is made for; machine_common until somebody says otherwise */
  Entry **entries;
  size_t entry_count, entry_capacity;
  uint32_t value_count;
  size_t requirement_count, requirement_capacity;
  DimRequirement *requirements; /* the checks that were built, so that none is built twice */
} Module;

/* The module's arena holds everything; module_destroy frees it. `name` is used in messages. */
Module *module_create(Diagnostics *diagnostics, const char *name);
void module_destroy(Module *module);

/* Notes that a region checks that the dim is 0; what an entry checks is known from then on (dim_assume_zero: of its one
   entry, several would need a context each). */
void module_add_requirement(Module *module, const Region *region, Dim form);
Region *region_create(Module *module, Node *owner);
Value *region_add_argument(Module *module, Region *region, Type type, const char *name);
void region_set_results(Module *module, Region *region, Value *const *results, uint32_t count);
Entry *module_add_entry(Module *module, const char *name, Region *body, const char *const *argument_names,
                        const char *const *result_names);

/* A node without results, not yet in a region. */
Node *node_create(Module *module, PrimitiveKind kind, Value *const *operands, uint32_t operand_count,
                  Location location);
/* As node_create, with all of another node but its operands, results and regions. */
Node *node_copy(Module *module, const Node *node, Value *const *operands);
Value *node_add_result(Module *module, Node *node, Type type, const char *name);
void region_append(Region *region, Node *node);
void region_insert_before(Region *region, Node *position, Node *node); /* null position: at the end */
void region_remove(Region *region, Node *node);
/* Moves all nodes of `region` before `position`, into its region. */
void region_inline(Region *region, Node *position);

/* The attribute of that name, null where absent. */
const Attribute *node_attribute(const Node *node, const char *name);
int64_t node_int(const Node *node, const char *name); /* 0 where absent */
Scalar node_monoid(const Node *node);                 /* of a reduce */
bool node_reduces(const Node *node); /* a reduce or contract: labels that the result lacks are reduced */
/* Of a loop or scan: how many iterations there are unless a condition ends them, at least 0; null where value
   tracking does not know it. */
Dim node_trip(Module *module, const Node *node);
/* Of a loop or scan: no condition can end it early. */
bool node_runs_whole_trip(const Node *node);

/* Sets use_count of every value (uses by nodes, nested regions and region results). */
void region_count_uses(Region *region);
/* What stands for the value: its replacement, and that one's in turn. Null for null. */
Value *value_current(Value *value);
/* Rewrites every use of a value with a replacement, also nested, and clears the replacements. */
void region_apply_replacements(Region *region);

/* Calls for every dim that the node's results, attributes and equation have, until the visitor returns false. */
typedef bool (*DimVisitor)(void *user, Dim dim);
bool node_visit_dims(const Node *node, DimVisitor visit, void *user);
bool subscripts_visit_dims(const Subscript *subscripts, uint32_t count, DimVisitor visit, void *user);

/* Equations. A plain subscript is one label with coefficient 1 and offset 0. */
bool subscript_is_plain(const Subscript *subscript, uint32_t *label);
bool subscript_is_constant(const Subscript *subscript, int64_t *value);
bool subscript_uses(const Subscript *subscript, uint32_t label);
bool access_uses_label(const Access *access, uint32_t label);
/* The one axis of an access to a tensor of that type at which a label of the equation stands, alone and from end to
   end; -1 where it stands elsewhere too, leaves elements out or goes beyond them. */
int32_t access_whole_axis(DimContext *dims, const Equation *equation, const Access *access, const Type *type,
                          uint32_t label);
bool subscript_equal(const Subscript *a, const Subscript *b);
bool access_equal(const Access *a, const Access *b);
bool equation_equal(const Equation *a, const Equation *b);
/* The view that makes the value, if it fills nothing; else null. */
const Node *value_view(const Value *value);
/* Every axis of the view's result is one label alone, from end to end, and there are no other labels. */
bool view_has_plain_result(DimContext *dims, const Node *view);
/* A view that reads every element of its operand where it stands. */
bool view_is_identity(const Node *view);

/* Reports every violated rule of the module's form; `pass` (may be null) is named in the messages. A module
   that was just built or parsed has its values tracked. */
bool module_verify(Module *module, const char *pass);
struct Text;
void module_print(struct Text *text, const Module *module);
#define NUMBER_UNKNOWN UINT32_MAX
/* Numbers of values by Value.id, in order of appearance within their entry; NUMBER_UNKNOWN for values that
   are nowhere in the module. The caller frees the array, which has `count` elements. */
uint32_t *values_number(const Module *module, uint32_t *count);
/* "%3 "conv"", or a marker for values outside of the module. */
void value_print(struct Text *text, const Value *value, const uint32_t *numbers, uint32_t count);
/* Parses the textual form of a module; paths of weights are relative to `directory` (may be null). Reports and
   returns null on error. Files stay mapped as long as the module lives. */
Module *module_parse(Diagnostics *diagnostics, const char *name, const char *bytes, size_t length,
                     const char *directory);
/* As module_print, but appends constants in memory that are larger than a short list to `side`, an empty file
   opened for writing in binary, and refers to them there by `side_name`. False where writing failed. */
bool module_print_with_side_file(struct Text *text, const Module *module, FILE *side, const char *side_name);
#endif
