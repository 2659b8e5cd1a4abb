/* SPDX-License-Identifier: Apache-2.0 */
/* Integer expressions over named symbols: the dims of tensors. Hash-consed polynomials over symbols and opaque
   atoms (quotients, min, max, broadcast), so that equal expressions in normal form are one pointer.
   Arithmetic is 64-bit; what overflows becomes the invalid dim, which absorbs everything. */
#ifndef AICC_IR_DIM_H
#define AICC_IR_DIM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Arena;
struct Lexer;
struct Text;
typedef struct DimContext DimContext;
typedef struct DimNode DimNode;
typedef const DimNode *Dim;

typedef struct DimRange {
  int64_t low, high; /* inclusive */
} DimRange;

typedef struct Symbol {
  const char *name;
  uint32_t index; /* position in the context */
  DimRange range; /* default [0, 2^31 - 1] */
  Dim limit;      /* of the number of an iteration: it is always below; null for other symbols */
} Symbol;

typedef enum Truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN } Truth;

/* All dims of a context live in `arena`. */
DimContext *dim_context_create(struct Arena *arena);

/* The symbol of that name, created when new. */
const Symbol *dim_symbol_declare(DimContext *context, const char *name);
/* Declared or pinned. */
bool dim_symbol_is_known(const DimContext *context, const char *name);
/* Null where there is none of that name. */
const Symbol *dim_symbol_find(const DimContext *context, const char *name);
void dim_symbol_set_range(DimContext *context, const Symbol *symbol, DimRange range);
/* A new symbol of a name that is in no other use: `prefix` and a number. */
const Symbol *dim_symbol_create(DimContext *context, const char *prefix);
/* Makes the symbol the number of an iteration: its values lie in [0, limit) wherever something is computed
   with it. Questions use that, its range is set accordingly. The limit is over symbols of lower index. */
void dim_symbol_set_limit(DimContext *context, const Symbol *symbol, Dim limit);
size_t dim_symbol_count(const DimContext *context);
const Symbol *dim_symbol_at(const DimContext *context, size_t index);
/* From now on dim_symbol returns that constant (aicc --dim N=1). Declared expressions keep the symbol. */
void dim_symbol_pin(DimContext *context, const char *name, int64_t value);

Dim dim_constant(DimContext *context, int64_t value);
Dim dim_symbol(DimContext *context, const char *name);
Dim dim_invalid(DimContext *context);
Dim dim_add(DimContext *context, Dim a, Dim b);
Dim dim_subtract(DimContext *context, Dim a, Dim b);
Dim dim_multiply(DimContext *context, Dim a, Dim b);
/* Rounding towards minus and plus infinity; a divisor that may be 0 or negative gives the invalid dim. */
Dim dim_floor_divide(DimContext *context, Dim a, Dim b);
Dim dim_ceil_divide(DimContext *context, Dim a, Dim b);
Dim dim_modulo(DimContext *context, Dim a, Dim b);
Dim dim_min(DimContext *context, Dim a, Dim b);
Dim dim_max(DimContext *context, Dim a, Dim b);
/* bdim(a, b) = a == 1 ? b : a, the result of broadcasting. */
Dim dim_broadcast(DimContext *context, Dim a, Dim b);
/* Whether b is min(a, c) with c above 1, so that it is 1 only where a is: they broadcast only where they are equal. */
bool dim_is_clipped(DimContext *context, Dim b, Dim a);

/* Of two dims that are the same number, if by a check of the run, the one that says more: a constant. */
Dim dim_plainer(Dim a, Dim b);

bool dim_is_valid(Dim dim);
/* True and `*value` set where the dim is a constant. */
bool dim_is_constant(Dim dim, int64_t *value);
bool dim_equals_constant(Dim dim, int64_t value);
/* True and `*symbol` set where the dim is exactly one symbol. */
bool dim_is_symbol(Dim dim, const Symbol **symbol);
/* Bounds that hold for every value of the symbols within their ranges; saturated. */
DimRange dim_range(const DimContext *context, Dim dim);
/* What is known besides ranges: the dim is 0 wherever something is computed, since a run checks it before. Where it is
   min(d, 0), d is not negative. The questions below use it; normal forms do not, so that they do not depend on when it
   was told. A context takes some dozens of these and forgets further ones. */
void dim_assume_zero(DimContext *context, Dim form);
Truth dim_equal(DimContext *context, Dim a, Dim b);
Truth dim_less_equal(DimContext *context, Dim a, Dim b);
/* The value for given symbols (indexed by Symbol.index); false on overflow or division by zero. */
bool dim_evaluate(Dim dim, const int64_t *symbols, int64_t *value);

/* The terms of the polynomial, for whoever generates code from it: value = sum coefficient * product(factors). */
typedef enum DimAtomKind { DIM_SYMBOL, DIM_FLOOR_DIVIDE, DIM_MODULO, DIM_MIN, DIM_MAX, DIM_BROADCAST } DimAtomKind;
typedef struct DimAtom {
  DimAtomKind kind;
  uint32_t id; /* order of creation */
  const Symbol *symbol;
  Dim left, right;
} DimAtom;
typedef struct DimTerm {
  int64_t coefficient;
  uint32_t factor_count;
  const DimAtom *const *factors; /* repeated for powers; none: the constant term */
} DimTerm;
struct DimNode {
  bool valid;
  uint32_t term_count;
  const DimTerm *terms; /* sorted; none: 0 */
  uint64_t hash;
  const DimNode *next;  /* in its hash bucket */
  uint32_t size, depth; /* of the tree, bounded */
};

/* Calls for every symbol in the dim, as often as it stands there, until the visitor returns false. */
typedef bool (*SymbolVisitor)(void *user, const Symbol *symbol);
bool dim_visit_symbols(Dim dim, SymbolVisitor visit, void *user);

/* "2*H+floordiv(N,3)-1"; parses what it prints. On a syntax error returns null (nothing is reported). */
void dim_print(struct Text *text, Dim dim);
Dim dim_parse(DimContext *context, struct Lexer *lexer);
/* One factor of a product: a number, a symbol, a call, or a sum in parentheses. As dim_parse. */
Dim dim_parse_factor(DimContext *context, struct Lexer *lexer);
/* What a name such as "past + sequence" says where its words are declared or pinned symbols; null where it says nothing
   of that kind. */
Dim dim_spelled(DimContext *context, struct Arena *scratch, const char *name);
/* The symbol's name, quoted where it is no plain word. */
void dim_symbol_print(struct Text *text, const Symbol *symbol);
#endif
