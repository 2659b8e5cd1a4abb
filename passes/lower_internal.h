/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the lower_*.c files only: which values get a buffer, and the kernel under construction. */
#ifndef AICC_PASSES_LOWER_INTERNAL_H
#define AICC_PASSES_LOWER_INTERNAL_H
#include "passes/group.h"
#include "passes/lower.h"

/* An inlined expression reads at most LOAD_LIMIT times, so a kernel (the expression of its root over up to
   three of these, and a claimed reduction over one) stays below BUFFER_LIMIT. */
enum {
  KERNEL_STAGE_LIMIT = 2 * GROUP_STAGE_LIMIT + 2, /* each with a product */
  CHEAP_COST = 3,  /* as cheap to compute as to read */
  ROW_COST = 8,    /* as cheap as to write, and to read in every stage of a kernel */
  EXPRESSION_BUDGET = 256,
  LOAD_LIMIT = 12,
  ROW_LOADS = 48, /* of a kernel of rows */
  NO_BUFFER = -1
};

/* What an argument of a nested region stands for when it has no buffer. */
typedef enum ArgumentKind {
  ARGUMENT_NONE,
  ARGUMENT_ITERATION, /* the number of the iteration */
  ARGUMENT_TRUTH,     /* a loop's condition: true in its body */
  ARGUMENT_SLICE      /* of `sliced` at the iteration, along the first axis */
} ArgumentKind;

/* What lowering decided about a value, by Value.id. */
typedef struct ValuePlan {
  bool materialised; /* has a buffer; else it is inlined where it is read */
  Group *group;      /* that computes it first, as root, stage or expression; null where no kernel does */
  bool alone;        /* it is read there and nowhere else */
  uint32_t first;    /* the place of the first reader that is in no group */
  uint32_t order;    /* backwards from the root, which is 0: of the stage, or of the last one that reads it */
  bool stage;        /* of its group, besides the root */
  const int8_t *tags; /* of its axes in the group */
  const int8_t *axes; /* a reduction: the group's axes of its labels */
  bool kept;          /* a stage whose rows are kept in a local until a product takes them */
  const Value *product; /* of a kept value: the contraction that its kernel computes at the same points first, or null */
  const Value *keeper;  /* of a kept value: the one in whose local it stands until that is computed; null: it has its own */
  bool over_memory;  /* an inlined index map whose operand must be in memory */
  int32_t buffer;    /* program buffer, or NO_BUFFER */
  uint32_t cost;     /* of the inlined expression */
  uint32_t loads;    /* of the inlined expression */
  bool in_memory;    /* somebody cannot read it but there, or by index maps over what is there */
  const Value *end;  /* where maps lead from it, as far as they all lead to one value; itself where they do not */
  bool in_buffer;    /* somebody cannot read it but there, as it is */
  bool of_reduction; /* maps and index maps lead to it from a reduction */
  bool cut;          /* materialised because its expression would pass the budget */
  const Type *stored; /* in memory: with rows that are longer than the value's; null: as the value's type */
  Value *root; /* of an inlined map: the materialised value whose kernel computes it, where all readers lead
                  there */
  bool placed; /* an inlined reshape between a value and a concatenation */
  const Value
      *home; /* the value stands in this one's memory: a concatenation of it, a reshape on the way there, or a value
                that takes its place when it has been read for the last time */
  Dim home_offset; /* where along the axis of the concatenation */
  ArgumentKind argument;
  const Value *sliced;
  const Symbol *iteration;
} ValuePlan;

/* A constant operand of a contraction, stored in the order in which its kernel reads it. */
typedef struct PackedConstant {
  const Value *value;
  const Equation *equation;
  uint32_t operand;
  uint32_t buffer;
} PackedConstant;
/* Loops of one depth and trip count share the symbol of their iterations. */
typedef struct Iteration {
  uint32_t depth;
  Dim trip; /* null: not known */
  const Symbol *symbol;
} Iteration;

struct Lowering {
  Module *module;
  Program *program;
  Arena *arena;
  ValuePlan *plans;
  size_t packed_count, packed_capacity;
  PackedConstant *packed;
  uint32_t depth; /* of loops around what is being lowered */
  Iteration *iterations;
  size_t iteration_count, iteration_capacity;
  uint32_t place; /* in the walk that makes the plans */
  int32_t status; /* the program buffer that indices out of range set, or NO_BUFFER as long as there are none */
};

static inline ValuePlan *plan_of(Lowering *lowering, const Value *value) {
  return &lowering->plans[value->id];
}

/* lower_check.c: whether lowering takes the entry; reported where it does not. */
bool lower_check(const Module *module, const Entry *entry);
/* lower_place.c: chooses homes for what the concatenations of a region join; the plans have been made. */
void lower_place(Lowering *lowering, const Region *region);
/* lower_pitch.c: widens the rows of values in memory; homes have been chosen. */
void lower_pitch(Lowering *lowering, const Region *region);
/* Whether a node's result can be computed right where a concatenation wants it. */
bool lower_is_placeable(const Node *node);
/* Whether `part` is computed in place as the operand of the concatenation `whole` that begins at `offset`. */
bool lower_is_in_place(Lowering *lowering, const Value *part, const Value *whole, Dim offset);

/* lower_plan.c: fills the plans of a region and those within it. */
void lower_decide(Lowering *lowering, Region *region);
/* Whether a condition can end the loop before its trip count does. */
bool loop_is_conditional(const Node *node);

/* lower.c: the program buffer of a value that has one; made when new. */
uint32_t value_buffer(Lowering *lowering, const Value *value);
uint32_t program_add_buffer(Lowering *lowering, Storage storage, uint32_t index, const Blob *blob,
                            const Type *type);
/* The value whose buffer a materialised reshape shares. */
Value *lower_alias_root(Lowering *lowering, Value *value);
/* A kernel that writes the value into a buffer of `type`: the whole of it or, with an iteration, the part of
   its first axis at that number. */
void lower_store(Lowering *lowering, Location location, uint32_t buffer, const Type *type,
                 const Symbol *iteration, const Value *value);
/* Steps for the nodes of a region, in order, behind those of the program. */
void lower_nodes(Lowering *lowering, const Region *region);
void lower_push(Lowering *lowering, Step step);

/* lower_control.c: an if, loop or scan. */
void lower_control(Lowering *lowering, const Node *node);
/* True where a reshape only adds or drops axes of extent 1, so that it is an index map. */
bool reshape_is_index_map(const Node *node);

/* lower_kernel.c: the kernel being built. */
typedef struct KernelBuilder {
  Lowering *lowering;
  Kernel kernel;
  uint32_t bound[BUFFER_LIMIT]; /* program buffer of each parameter */
  KernelBuffer buffers[BUFFER_LIMIT];
  KernelAxis axes[POINT_LIMIT]; /* indices begin at LABEL_LIMIT */
  Stage stages[KERNEL_STAGE_LIMIT];
  const Value *local_of[KERNEL_STAGE_LIMIT]; /* values that are locals of this kernel, and their buffers */
  uint32_t locals[KERNEL_STAGE_LIMIT], value_count;
  uint32_t parameter_count, local_count, stage_count, axis_count, index_count;
  Location location;
  bool failed;
} KernelBuilder;

void kernel_start(KernelBuilder *builder, Lowering *lowering, Location location);
uint32_t kernel_axis(KernelBuilder *builder, const char *name, Dim extent);
/* An index below `extent`: the label that stands for it in subscripts of loads. */
uint32_t kernel_index(KernelBuilder *builder, Dim extent, const Expr *value);
/* The parameter bound to a program buffer, added when new; `type` gives element type and dims. */
uint32_t kernel_parameter(KernelBuilder *builder, uint32_t program_buffer, BufferRole role, const Type *type);
/* The parameter of the memory in which a value stands; `at`, subscripts of the value with room for
   RANK_LIMIT, become subscripts of that memory. */
uint32_t kernel_place(KernelBuilder *builder, const Value *value, BufferRole role, Subscript *at);
uint32_t kernel_local(KernelBuilder *builder, const char *name, ElementType element, uint32_t rank,
                      const Dim *dims);
void kernel_stage(KernelBuilder *builder, const char *name, uint32_t target, const Subscript *subscripts,
                  Scalar monoid, uint32_t reduce_count, const uint32_t *reduce_axes, const Expr *expr);
/* Appends the kernel, the step that calls it and, where it has indices, the step that checks them. */
void kernel_finish(KernelBuilder *builder);

/* Expressions. `at` has one subscript per axis of the value, over the kernel's axes. */
const Expr *expr_of_value(KernelBuilder *builder, const Value *value, const Subscript *at);
const Expr *expr_call(KernelBuilder *builder, Scalar scalar, ElementType type, const Expr *const *operands,
                      uint32_t count);
const Expr *expr_literal(KernelBuilder *builder, ElementType type, uint64_t bits);
const Expr *expr_load(KernelBuilder *builder, uint32_t buffer, const Subscript *subscripts);
/* The expression where the access stays inside `dims`, else `otherwise`; guards that are provably true
 * vanish. */
const Expr *expr_guard(KernelBuilder *builder, const Subscript *access, uint32_t rank, const Dim *dims,
                       const Expr *inner, const Expr *otherwise);
/* Substitutes labels: form over labels, `of` gives a subscript over the kernel's axes for each label. */
Subscript subscript_substitute(KernelBuilder *builder, const Subscript *form, const Subscript *of);
Subscript subscript_axis(KernelBuilder *builder, uint32_t axis);
/* lower_contract.c: the load of a constant operand of a contraction from a copy that is stored as its kernel
   reads it; null where the operand is no constant or its labels leave it. `of_label` gives the kernel's axis
   of each label. */
const Expr *contract_packed_load(KernelBuilder *builder, const Node *node, uint32_t operand,
                                 const Subscript *of_label);
Subscript subscript_symbol(KernelBuilder *builder, const Symbol *symbol);
/* Subscripts for the operand of an equation. */
Subscript *access_substitute(KernelBuilder *builder, const Access *access, const Subscript *of);
#endif
