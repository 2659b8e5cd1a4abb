/* SPDX-License-Identifier: Apache-2.0 */
/* The loop program: what lowering yields and code generation sees. A program is a list of steps over buffers; a
   step calls a kernel. A kernel is a list of stages (tensor equations: the meaning) and a schedule tree (how).
   Dropping the schedule leaves a correct scalar program, which is what the interpreter runs. */
#ifndef AICC_LOOP_PROGRAM_H
#define AICC_LOOP_PROGRAM_H
#include "base/arena.h"
#include "base/diagnostics.h"
#include "ir/graph.h"

/* Subscripts of the tensor graph are reused; their labels are indices of kernel axes. */

typedef enum ExprKind {
  EXPR_LITERAL, /* `bits`, in the compute type */
  EXPR_LOAD,    /* buffer[subscripts], converted to the compute type */
  EXPR_INDEX,   /* an affine form over the axes as i64 */
  EXPR_CALL,    /* a scalar function */
  EXPR_GUARD    /* operands[0] where every range holds, else operands[1]; the first is not evaluated elsewhere */
} ExprKind;

/* Holds where `form` lies in [low, high). */
typedef struct GuardRange {
  Subscript form;
  Dim low, high;
} GuardRange;

typedef struct Expr Expr;
struct Expr {
  ExprKind kind;
  ElementType type; /* always a compute type */
  uint64_t bits;
  uint32_t buffer;
  const Subscript *subscripts; /* LOAD: one per dim of the buffer; INDEX: one */
  Scalar scalar;
  uint32_t operand_count;
  const Expr *operands[3];
  uint32_t range_count;
  const GuardRange *ranges;
};

/* BUFFER_STATUS: an i32[] that indices out of range set to AICC_E_INDEX; whoever calls the kernel checks it. */
typedef enum BufferRole { BUFFER_IN, BUFFER_OUT, BUFFER_STATUS, BUFFER_LOCAL } BufferRole;

/* A parameter or local of a kernel: dense. Parameters do not overlap each other. Only constants stand in another order than
   row-major. */
typedef struct KernelBuffer {
  const char *name;
  BufferRole role;
  ElementType element;
  uint32_t rank;
  const Dim *dims;
  uint32_t alignment; /* bytes, a power of two; at least the element's */
  const StorageOrder *order; /* null: row-major */
} KernelBuffer;

/* An axis, or an index: the axis at which an integer stands that `value`, an i64 over the axes and inputs, gives at the point.
   Outside of [0, extent) it sets the kernel's status, and counts as 0. Where a guard keeps a load from being evaluated,
   so it does the indices of the load. */
typedef struct KernelAxis {
  const char *name;
  Dim extent;
  const Expr *value; /* null: an axis, which stages run over */
} KernelAxis;

/* target[subscripts] = monoid over reduce_axes of expr; without a monoid (SCALAR_COUNT) an assignment. The stage
   runs over the axes that its target's subscripts use. A monoid over no points gives its neutral element. Float
   sums may be associated in any way that depends on the level and the shapes only. */
typedef struct Stage {
  const char *name;
  uint32_t target;
  const Subscript *subscripts;
  Scalar monoid;
  uint32_t reduce_count;
  const uint32_t *reduce_axes;
  const Expr *expr;
} Stage;

typedef enum ScheduleKind {
  SCHEDULE_PAR,    /* the flattened iterations are cut into tasks */
  SCHEDULE_FOR,
  SCHEDULE_UNROLL,
  SCHEDULE_VEC,    /* a leaf: its stages, in lanes along one axis */
  SCHEDULE_TILE    /* a leaf: its stages, in register tiles of rows (all axes but the last) and lanes (the last) */
} ScheduleKind;

typedef enum AxisPartKind { PART_WHOLE, PART_OUTER, PART_INNER } AxisPartKind;

/* A whole axis, or with a tile of T the outer part (ceil(extent / T) iterations) or the inner (min(T, rest)). */
typedef struct AxisPart {
  uint32_t axis;
  AxisPartKind part;
  int64_t tile;
} AxisPart;

typedef struct Schedule {
  ScheduleKind kind;
  uint32_t part_count;
  const AxisPart *parts;
  uint32_t child_count;
  const struct Schedule *const *children; /* not of leaves */
  uint32_t stage_count;
  const uint32_t *stages; /* of leaves, in order */
} Schedule;

typedef struct Kernel {
  const char *name;   /* unique in the program */
  Location location;  /* of the node it stands for */
  uint32_t buffer_count;
  KernelBuffer *buffers; /* parameters in the order of the call, then locals */
  uint32_t axis_count, index_count;
  KernelAxis *axes; /* the axes, then the indices, which stand in the subscripts of loads */
  uint32_t stage_count;
  Stage *stages;
  const Schedule *schedule;
  Dim task_count; /* a function of the shapes: at least 1, at most TASK_LIMIT */
} Kernel;

enum { TASK_LIMIT = 64, WORKSPACE_ALIGNMENT = 64 };

typedef enum Storage { STORAGE_ARGUMENT, STORAGE_RESULT, STORAGE_CONSTANT, STORAGE_WORKSPACE } Storage;

typedef struct ProgramBuffer {
  Storage storage;
  uint32_t index;   /* ARGUMENT, RESULT: position in the entry's signature */
  const Blob *blob; /* CONSTANT */
  Type type;
  Dim byte_count;   /* WORKSPACE */
  Dim offset;       /* WORKSPACE: set by the memory plan */
} ProgramBuffer;

typedef enum StepKind {
  STEP_KERNEL,
  STEP_CHECK, /* return the i32 in buffers[0] from the run where it is not 0 */
  STEP_REQUIRE, /* return AICC_E_SHAPE where the dim `form` is not 0; the first steps of a list */
  STEP_IF,    /* the first body where the bool in buffers[0] is true, else the second */
  STEP_LOOP   /* the first body again and again, with the number of the iteration in a symbol */
} StepKind;

typedef struct Step Step;

typedef struct StepList {
  Step *steps;
  size_t count, capacity;
} StepList;

struct Step {
  StepKind kind;
  uint32_t kernel;
  uint32_t buffer_count;
  /* Program buffers. KERNEL: one per parameter; behind them, set by the memory plan, the scratch of the first worker, where
     the kernel takes any. LOOP: condition, count, where it has them. */
  const uint32_t *buffers;
  /* KERNEL: null, or one per parameter: the element of the buffer with which the parameter begins, where it is a part of
     the buffer; null where it is all of it. */
  const Dim *starts;
  Location location;
  Dim form; /* REQUIRE */
  StepList bodies[2];
  /* Of a loop. An iteration takes place while its number is below the trip or count, and the condition is true. */
  bool conditional; /* buffers[0] is a bool that is looked at before each iteration */
  bool counted;     /* the last buffer is an i64, the number of iterations, which the body does not change */
  Dim trip;         /* the number of iterations; null: counted, or as long as the condition says */
  const Symbol *iteration; /* has the number of the iteration in kernels of the body */
};

typedef struct Program {
  Arena *arena; /* the module's */
  Diagnostics *diagnostics;
  DimContext *dims;
  const Module *module;
  const Entry *entry;
  size_t kernel_count, kernel_capacity;
  Kernel **kernels;
  size_t buffer_count, buffer_capacity;
  ProgramBuffer *buffers;
  size_t step_count, step_capacity;
  Step *steps;
  Dim workspace_bytes; /* set by the memory plan */
  uint64_t workspace_lower_bound; /* static shapes: the largest sum of aligned sizes live at one step */
} Program;

/* How many lists of steps a step has. */
uint32_t step_body_count(const Step *step);
/* Where a call's parameter begins in its buffer; null where it is all of the buffer. */
Dim step_start(const Step *step, uint32_t parameter);
/* Whether the kernel's buffer is a parameter. */
bool kernel_buffer_is_parameter(const Kernel *kernel, uint32_t buffer);
uint32_t kernel_parameter_count(const Kernel *kernel);

/* Bounds of an affine form over the axes, as dims: least and greatest value with each axis in [0, extent). The
   coefficients must be of known sign, else the invalid dim results. Axes of `fixed` (a bit each) are left out. */
void subscript_bounds(DimContext *dims, const Kernel *kernel, const Subscript *subscript, uint64_t fixed, Dim *least,
                      Dim *most);
/* True where every point of the axes lies in [low, high), provably. */
bool subscript_within(DimContext *dims, const Kernel *kernel, const Subscript *subscript, Dim low, Dim high);
/* One behind the last element of the parameter that the kernel may touch, counted from where the parameter begins; the
   invalid dim where that is not known. */
Dim kernel_reach(DimContext *dims, const Kernel *kernel, uint32_t parameter);
/* Whether the parameter may begin at that element of a buffer of so many elements: nothing outside is touched, provably. */
bool kernel_fits(DimContext *dims, const Kernel *kernel, uint32_t parameter, Dim start, Dim count);
bool schedule_is_leaf(const Schedule *schedule);
/* How many elements the buffer takes in memory: more than its dims say, where its order leaves places behind them. */
Dim kernel_buffer_count(DimContext *dims, const KernelBuffer *buffer);
/* Coefficient of the axis in the element offset of an access; the invalid dim on overflow, where an index of the access depends
   on the axis, and where the axis stands in a dim that the buffer's order cuts. */
Dim access_stride(DimContext *dims, const Kernel *kernel, uint32_t buffer, const Subscript *subscripts, uint32_t axis);
/* The same within a run of the buffer's order; the invalid dim where the axis does not stand alone in a dim that is cut, so that its
   runs are others. */
Dim access_run_stride(DimContext *dims, const Kernel *kernel, uint32_t buffer, const Subscript *subscripts, uint32_t axis);
/* How many elements that follow each other along the axis the access finds that coefficient apart, from a multiple of that
   on: the shortest run of the order of the dims in which the axis stands; INT64_MAX: all. */
int64_t access_run(const Kernel *kernel, uint32_t buffer, const Subscript *subscripts, uint32_t axis);
/* Whether the value of an index, counted as labels are, depends on the axis. */
bool index_depends(const Kernel *kernel, uint32_t index, uint32_t axis);
/* Whether an index stands in the subscript. */
bool subscript_uses_index(const Kernel *kernel, const Subscript *subscript);
/* Whether the expression reads the buffer, other than by indices. */
bool expr_loads(const Expr *expr, uint32_t buffer);
/* Sum of scalar costs, loads counting 1. */
uint32_t expr_cost(const Expr *expr);
/* True where the stage reduces over the axis. */
bool stage_reduces(const Stage *stage, uint32_t axis);
/* Bit a: the stage's target uses axis a. */
uint64_t stage_axes(const Kernel *kernel, const Stage *stage);

/* Same meaning and schedule, whatever the names: such kernels are generated once. */
bool kernel_equal(const Kernel *a, const Kernel *b);
/* The same for equal kernels. */
uint64_t kernel_hash(const Kernel *kernel);
/* Calls for every dim of the kernel's axes, indices, buffers and stages, and for its number of tasks, until the visitor
   returns false. */
bool kernel_visit_dims(const Kernel *kernel, DimVisitor visit, void *user);

struct Text;
void kernel_print(struct Text *text, const Kernel *kernel);
void program_print(struct Text *text, const Program *program);
/* Parses the textual form of a program (kernels, buffers, steps). Reports and returns null on error. */
Program *program_parse(Diagnostics *diagnostics, const char *name, const char *bytes, size_t length);
bool program_verify(const Program *program, const char *pass);

/* Runs kernels by their meaning, block-wise over the innermost axis, in plain C: sums of f32 are accumulated in
   f64 and rounded once. `buffers` are dense, one per parameter; `symbols` by Symbol.index. False where a dim is
   invalid (reported). */
bool interpret_kernel(const Program *program, const Kernel *kernel, void *const *buffers, const int64_t *symbols);
/* Runs the whole program with arguments and results in the entry's order; `*status` is what a check returned. */
bool interpret_program(const Program *program, const void *const *arguments, void *const *results,
                       const int64_t *symbols, int32_t *status);

/* Destroys a parsed program with its module. */
void program_destroy(Program *program);
/* Valid words, unique among themselves and different from the symbols of `dims` (may be null), that names print
   under: made from `names[i]`, which may be null or anything. In `arena`. */
const char **program_names(Arena *arena, const DimContext *dims, const char *const *names, uint32_t count);
#endif
