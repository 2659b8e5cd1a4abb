/* SPDX-License-Identifier: Apache-2.0 */
/* Normal forms of dim expressions: construction, bounds and evaluation. Printing and parsing: dim_text.c. */
#include "ir/dim.h"
#include "base/arena.h"
#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

/* The last two bound what a tree walk costs and how deep it recurses: shared atoms make trees exponential. */
enum { FACT_LIMIT = 64 };
enum { BUCKET_COUNT = 1024, TERM_LIMIT = 64, FACTOR_LIMIT = 16, DEPTH_LIMIT = 48, SIZE_LIMIT = 2048, LEAF_LIMIT = 24 };
static const DimRange default_range = {0, INT32_MAX};

typedef struct PinnedSymbol {
  const char *name;
  int64_t value;
} PinnedSymbol;

struct DimContext {
  Arena *arena;
  const DimNode *buckets[BUCKET_COUNT];
  Symbol **symbols;
  size_t symbol_count, symbol_capacity;
  DimAtom **atoms;
  size_t atom_count, atom_capacity;
  Dim *zeros, *not_negative; /* dim_assume_zero */
  size_t zero_count, zero_capacity, not_negative_count, not_negative_capacity;
  PinnedSymbol *pins;
  size_t pin_count, pin_capacity;
  Dim invalid;
};

DimContext *dim_context_create(Arena *arena) {
  DimContext *context = arena_new(arena, DimContext);
  context->arena = arena;
  context->invalid = arena_new(arena, DimNode);
  return context;
}

Dim dim_invalid(DimContext *context) { return context->invalid; }
bool dim_is_valid(Dim dim) { return dim->valid; }

const Symbol *dim_symbol_find(const DimContext *context, const char *name) {
  for (size_t i = 0; i < context->symbol_count; i++)
    if (strcmp(context->symbols[i]->name, name) == 0) return context->symbols[i];
  return NULL;
}

const Symbol *dim_symbol_declare(DimContext *context, const char *name) {
  const Symbol *found = dim_symbol_find(context, name);
  if (found) return found;
  Symbol *symbol = arena_new(context->arena, Symbol);
  symbol->name = arena_copy_text(context->arena, name, strlen(name));
  symbol->index = (uint32_t)context->symbol_count;
  symbol->range = default_range;
  arena_push(context->arena, context->symbols, context->symbol_count, context->symbol_capacity) = symbol;
  return symbol;
}

static bool is_pinned(const DimContext *context, const char *name) {
  for (size_t i = 0; i < context->pin_count; i++)
    if (strcmp(context->pins[i].name, name) == 0) return true;
  return false;
}

bool dim_symbol_is_known(const DimContext *context, const char *name) {
  return dim_symbol_find(context, name) || is_pinned(context, name);
}

const Symbol *dim_symbol_create(DimContext *context, const char *prefix) {
  const char *name;
  size_t number = 0;
  do name = arena_format(context->arena, "%s%zu", prefix, number++);
  while (dim_symbol_find(context, name) || is_pinned(context, name));
  return dim_symbol_declare(context, name);
}

void dim_symbol_set_range(DimContext *context, const Symbol *symbol, DimRange range) {
  context->symbols[symbol->index]->range = range;
}

void dim_symbol_set_limit(DimContext *context, const Symbol *symbol, Dim limit) {
  int64_t high = dim_range(context, limit).high;
  context->symbols[symbol->index]->limit = limit;
  context->symbols[symbol->index]->range = (DimRange){0, high > 0 ? high - 1 : 0};
}

size_t dim_symbol_count(const DimContext *context) { return context->symbol_count; }
const Symbol *dim_symbol_at(const DimContext *context, size_t index) { return context->symbols[index]; }

void dim_symbol_pin(DimContext *context, const char *name, int64_t value) {
  PinnedSymbol pin = {arena_copy_text(context->arena, name, strlen(name)), value};
  arena_push(context->arena, context->pins, context->pin_count, context->pin_capacity) = pin;
}

static int compare_dims(Dim a, Dim b);

/* The order of atoms is that of their structure, not of their creation: what is printed reads back alike.
   Only one pair of different parts is followed down, because equal parts are one pointer. */
static int compare_atoms(const DimAtom *a, const DimAtom *b) {
  if (a == b) return 0;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->kind == DIM_SYMBOL) return a->symbol->index < b->symbol->index ? -1 : 1;
  int order = compare_dims(a->left, b->left);
  return order ? order : compare_dims(a->right, b->right);
}

static int compare_terms(const DimTerm *a, const DimTerm *b) {
  if (a->factor_count != b->factor_count) return a->factor_count > b->factor_count ? -1 : 1;
  for (uint32_t i = 0; i < a->factor_count; i++) {
    int order = compare_atoms(a->factors[i], b->factors[i]);
    if (order) return order;
  }
  return 0;
}

static int compare_dims(Dim a, Dim b) {
  if (a == b) return 0;
  for (uint32_t i = 0; i < a->term_count && i < b->term_count; i++) {
    int order = compare_terms(&a->terms[i], &b->terms[i]);
    if (order) return order;
    if (a->terms[i].coefficient != b->terms[i].coefficient)
      return a->terms[i].coefficient < b->terms[i].coefficient ? -1 : 1;
  }
  return a->term_count < b->term_count ? -1 : 1;
}

static bool same_terms(const DimNode *node, const DimTerm *terms, uint32_t term_count) {
  if (node->term_count != term_count) return false;
  for (uint32_t i = 0; i < term_count; i++)
    if (node->terms[i].coefficient != terms[i].coefficient || compare_terms(&node->terms[i], &terms[i]) != 0)
      return false;
  return true;
}

/* The one node for these sorted terms without zero coefficients; the terms are copied. */
static Dim intern(DimContext *context, const DimTerm *terms, uint32_t term_count) {
  uint64_t hash = term_count;
  for (uint32_t i = 0; i < term_count; i++) {
    hash = hash_bytes(&terms[i].coefficient, sizeof terms[i].coefficient, hash);
    for (uint32_t j = 0; j < terms[i].factor_count; j++)
      hash = hash_bytes(&terms[i].factors[j]->id, sizeof terms[i].factors[j]->id, hash);
  }
  const DimNode **bucket = &context->buckets[hash % BUCKET_COUNT];
  for (const DimNode *node = *bucket; node; node = node->next)
    if (node->hash == hash && same_terms(node, terms, term_count)) return node;
  DimNode *node = arena_new(context->arena, DimNode);
  DimTerm *copy = arena_copy(context->arena, terms, term_count * sizeof *terms);
  for (uint32_t i = 0; i < term_count; i++)
    copy[i].factors =
        arena_copy(context->arena, terms[i].factors, terms[i].factor_count * sizeof *terms[i].factors);
  *node = (DimNode){true, term_count, copy, hash, *bucket, 1, 0};
  for (uint32_t i = 0; i < term_count; i++)
    for (uint32_t j = 0; j < terms[i].factor_count; j++) {
      const DimAtom *atom = terms[i].factors[j];
      if (atom->kind == DIM_SYMBOL) {
        node->size++;
        continue;
      }
      uint32_t depth = 1 + (atom->left->depth > atom->right->depth ? atom->left->depth : atom->right->depth);
      if (depth > node->depth) node->depth = depth;
      node->size += atom->left->size + atom->right->size;
    }
  if (node->size > SIZE_LIMIT || node->depth > DEPTH_LIMIT) return context->invalid;
  *bucket = node;
  return node;
}

Dim dim_constant(DimContext *context, int64_t value) {
  DimTerm term = {.coefficient = value};
  return intern(context, &term, value != 0);
}

static const DimAtom *intern_atom(DimContext *context, DimAtomKind kind, const Symbol *symbol, Dim left, Dim right) {
  for (size_t i = 0; i < context->atom_count; i++) {
    const DimAtom *atom = context->atoms[i];
    if (atom->kind == kind && atom->symbol == symbol && atom->left == left && atom->right == right) return atom;
  }
  DimAtom *atom = arena_new(context->arena, DimAtom);
  *atom = (DimAtom){kind, (uint32_t)context->atom_count, symbol, left, right};
  arena_push(context->arena, context->atoms, context->atom_count, context->atom_capacity) = atom;
  return atom;
}

static Dim from_atom(DimContext *context, DimAtomKind kind, const Symbol *symbol, Dim left, Dim right) {
  const DimAtom *atom = intern_atom(context, kind, symbol, left, right);
  DimTerm term = {.coefficient = 1, .factor_count = 1, .factors = &atom};
  return intern(context, &term, 1);
}

Dim dim_symbol(DimContext *context, const char *name) {
  for (size_t i = 0; i < context->pin_count; i++)
    if (strcmp(context->pins[i].name, name) == 0) return dim_constant(context, context->pins[i].value);
  return from_atom(context, DIM_SYMBOL, dim_symbol_declare(context, name), NULL, NULL);
}

bool dim_is_constant(Dim dim, int64_t *value) {
  if (!dim->valid || dim->term_count > 1 || (dim->term_count == 1 && dim->terms[0].factor_count)) return false;
  *value = dim->term_count ? dim->terms[0].coefficient : 0;
  return true;
}

bool dim_equals_constant(Dim dim, int64_t value) {
  int64_t constant;
  return dim_is_constant(dim, &constant) && constant == value;
}

static const DimAtom *single_atom(Dim dim) {
  bool single = dim->valid && dim->term_count == 1 && dim->terms[0].coefficient == 1 &&
                dim->terms[0].factor_count == 1;
  return single ? dim->terms[0].factors[0] : NULL;
}

bool dim_is_symbol(Dim dim, const Symbol **symbol) {
  const DimAtom *atom = single_atom(dim);
  if (!atom || atom->kind != DIM_SYMBOL) return false;
  *symbol = atom->symbol;
  return true;
}

/* a + scale * b by merging the sorted terms. */
static Dim combine(DimContext *context, Dim a, Dim b, int64_t scale) {
  if (!a->valid || !b->valid) return context->invalid;
  if (a->term_count + b->term_count > TERM_LIMIT) return context->invalid;
  DimTerm terms[TERM_LIMIT];
  uint32_t count = 0, i = 0, j = 0;
  while (i < a->term_count || j < b->term_count) {
    int order = i == a->term_count ? 1 : j == b->term_count ? -1 : compare_terms(&a->terms[i], &b->terms[j]);
    DimTerm term = order <= 0 ? a->terms[i] : b->terms[j];
    int64_t scaled = 0;
    if (order >= 0 && __builtin_mul_overflow(b->terms[j].coefficient, scale, &scaled)) return context->invalid;
    if (__builtin_add_overflow(order <= 0 ? a->terms[i].coefficient : 0, scaled, &term.coefficient))
      return context->invalid;
    i += order <= 0;
    j += order >= 0;
    if (term.coefficient) terms[count++] = term;
  }
  return intern(context, terms, count);
}

Dim dim_add(DimContext *context, Dim a, Dim b) { return combine(context, a, b, 1); }
Dim dim_subtract(DimContext *context, Dim a, Dim b) { return combine(context, a, b, -1); }

Dim dim_multiply(DimContext *context, Dim a, Dim b) {
  if (!a->valid || !b->valid) return context->invalid;
  Dim sum = dim_constant(context, 0);
  for (uint32_t i = 0; i < a->term_count; i++)
    for (uint32_t j = 0; j < b->term_count; j++) {
      const DimTerm *x = &a->terms[i], *y = &b->terms[j];
      const DimAtom *factors[FACTOR_LIMIT];
      DimTerm term = {.factor_count = x->factor_count + y->factor_count, .factors = factors};
      if (term.factor_count > FACTOR_LIMIT) return context->invalid;
      if (__builtin_mul_overflow(x->coefficient, y->coefficient, &term.coefficient)) return context->invalid;
      uint32_t at = 0, m = 0, n = 0;
      while (m < x->factor_count || n < y->factor_count) {
        bool left =
            n == y->factor_count || (m < x->factor_count && compare_atoms(x->factors[m], y->factors[n]) <= 0);
        factors[at++] = left ? x->factors[m++] : y->factors[n++];
      }
      sum = combine(context, sum, intern(context, &term, 1), 1);
      if (!sum->valid) return sum;
    }
  return sum;
}

static int64_t floor_quotient(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

/* For b > 0; the product may leave 64 bits, the difference never does. */
static int64_t floor_modulo(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a - (uint64_t)floor_quotient(a, b) * (uint64_t)b);
}

/* a / b without remainder, term by term; null where it does not divide. */
static Dim exact_quotient(DimContext *context, Dim a, Dim b) {
  int64_t divisor;
  if (a == b) return dim_constant(context, 1);
  if (b->term_count != 1) return NULL;
  DimTerm terms[TERM_LIMIT];
  const DimAtom *factors[TERM_LIMIT][FACTOR_LIMIT];
  divisor = b->terms[0].coefficient;
  for (uint32_t i = 0; i < a->term_count; i++) {
    const DimTerm *term = &a->terms[i];
    if (divisor == -1 && term->coefficient == INT64_MIN) return NULL;
    if (term->coefficient % divisor) return NULL;
    uint32_t used = 0, kept = 0;
    for (uint32_t j = 0; j < term->factor_count; j++) {
      if (used < b->terms[0].factor_count && term->factors[j] == b->terms[0].factors[used])
        used++;
      else
        factors[i][kept++] = term->factors[j];
    }
    if (used != b->terms[0].factor_count) return NULL;
    terms[i] = (DimTerm){term->coefficient / divisor, kept, factors[i]};
  }
  return intern(context, terms, a->term_count);
}

Dim dim_floor_divide(DimContext *context, Dim a, Dim b) {
  if (!a->valid || !b->valid || dim_range(context, b).low < 1) {
    /* A symbolic divisor that is 0 only for an empty tensor still has an exact quotient. */
    if (!a->valid || !b->valid || dim_range(context, b).low < 0 || !b->term_count) return context->invalid;
    Dim exact = exact_quotient(context, a, b);
    return exact ? exact : context->invalid;
  }
  int64_t x, y;
  if (dim_is_constant(a, &x) && dim_is_constant(b, &y)) return dim_constant(context, floor_quotient(x, y));
  Dim exact = exact_quotient(context, a, b);
  if (exact) return exact;
  if (dim_is_constant(b, &y)) { /* floordiv(y*p + q, y) = p + floordiv(q, y) */
    Dim whole = dim_constant(context, 0), rest = dim_constant(context, 0);
    for (uint32_t i = 0; i < a->term_count; i++) {
      DimTerm part = a->terms[i], remainder = a->terms[i];
      part.coefficient = floor_quotient(a->terms[i].coefficient, y);
      remainder.coefficient = floor_modulo(a->terms[i].coefficient, y);
      if (part.coefficient) whole = dim_add(context, whole, intern(context, &part, 1));
      if (remainder.coefficient) rest = dim_add(context, rest, intern(context, &remainder, 1));
    }
    if (!whole->valid || !rest->valid) return context->invalid;
    DimRange range = dim_range(context, rest);
    if (range.low >= 0 && range.high < y) return whole;
    return dim_add(context, whole, from_atom(context, DIM_FLOOR_DIVIDE, NULL, rest, b));
  }
  return from_atom(context, DIM_FLOOR_DIVIDE, NULL, a, b);
}

Dim dim_ceil_divide(DimContext *context, Dim a, Dim b) {
  Dim zero = dim_constant(context, 0);
  return dim_subtract(context, zero, dim_floor_divide(context, dim_subtract(context, zero, a), b));
}

Dim dim_modulo(DimContext *context, Dim a, Dim b) {
  int64_t x, y;
  if (!a->valid || !b->valid || dim_range(context, b).low < 1) return context->invalid;
  if (dim_is_constant(a, &x) && dim_is_constant(b, &y)) return dim_constant(context, floor_modulo(x, y));
  if (exact_quotient(context, a, b)) return dim_constant(context, 0);
  return from_atom(context, DIM_MODULO, NULL, a, b);
}

static Dim ordered_atom(DimContext *context, DimAtomKind kind, Dim a, Dim b) {
  return compare_dims(a, b) <= 0 ? from_atom(context, kind, NULL, a, b)
                                 : from_atom(context, kind, NULL, b, a);
}

static Truth compare_by_range(DimContext *context, Dim a, Dim b);
static Truth compare_by_facts(DimContext *context, Dim a, Dim b);
static Dim settle(DimContext *context, Dim dim);

/* What a minimum or maximum is taken of, each once, none of it provably beside the point. */
typedef struct Leaves {
  Dim items[LEAF_LIMIT];
  uint32_t count;
  bool overflow;
} Leaves;

static void add_leaf(DimContext *context, Leaves *leaves, DimAtomKind kind, Dim dim) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < leaves->count; i++) {
    Dim other = leaves->items[i];
    if (compare_by_range(context, kind == DIM_MIN ? other : dim, kind == DIM_MIN ? dim : other) == TRUTH_YES) return;
  }
  for (uint32_t i = 0; i < leaves->count; i++) {
    Dim other = leaves->items[i];
    if (compare_by_range(context, kind == DIM_MIN ? dim : other, kind == DIM_MIN ? other : dim) != TRUTH_YES)
      leaves->items[kept++] = other;
  }
  leaves->count = kept;
  leaves->overflow = leaves->overflow || kept == LEAF_LIMIT;
  if (leaves->overflow) return;
  for (; kept > 0 && compare_dims(leaves->items[kept - 1], dim) > 0; kept--) leaves->items[kept] = leaves->items[kept - 1];
  leaves->items[kept] = dim;
  leaves->count++;
}

static void add_leaves(DimContext *context, Leaves *leaves, DimAtomKind kind, Dim dim) {
  const DimAtom *atom = single_atom(dim);
  if (atom && atom->kind == kind) {
    add_leaves(context, leaves, kind, atom->left);
    add_leaves(context, leaves, kind, atom->right);
  } else {
    add_leaf(context, leaves, kind, dim);
  }
}

/* The leaves in their order, joined from the left: one form for all ways in which they were joined. */
static Dim extremum(DimContext *context, DimAtomKind kind, Dim a, Dim b) {
  Leaves leaves = {.count = 0};
  if (!a->valid || !b->valid) return context->invalid;
  add_leaves(context, &leaves, kind, a);
  add_leaves(context, &leaves, kind, b);
  if (leaves.overflow) return ordered_atom(context, kind, a, b);
  Dim result = leaves.items[0];
  for (uint32_t i = 1; i < leaves.count && result->valid; i++) result = from_atom(context, kind, NULL, result, leaves.items[i]);
  return result;
}

Dim dim_min(DimContext *context, Dim a, Dim b) { return extremum(context, DIM_MIN, a, b); }
Dim dim_max(DimContext *context, Dim a, Dim b) { return extremum(context, DIM_MAX, a, b); }

/* Whether b is the result of broadcasting a to something. */
static bool has_broadcast(Dim b, Dim a) {
  const DimAtom *atom = single_atom(b);
  return b == a || (atom && atom->kind == DIM_BROADCAST && (has_broadcast(atom->left, a) || has_broadcast(atom->right, a)));
}

bool dim_is_clipped(DimContext *context, Dim b, Dim a) {
  const DimAtom *atom = single_atom(b);
  Leaves leaves = {.count = 0};
  if (!atom || atom->kind != DIM_MIN) return false;
  add_leaves(context, &leaves, DIM_MIN, b);
  bool clipped = false, all = !leaves.overflow;
  for (uint32_t i = 0; i < leaves.count; i++) {
    clipped = clipped || leaves.items[i] == a;
    all = all && (leaves.items[i] == a || dim_range(context, leaves.items[i]).low > 1);
  }
  return clipped && all;
}

Dim dim_broadcast(DimContext *context, Dim a, Dim b) {
  if (!a->valid || !b->valid) return context->invalid;
  if (has_broadcast(b, a)) return b;
  if (has_broadcast(a, b) || dim_is_clipped(context, b, a)) return a;
  if (dim_is_clipped(context, a, b)) return b;
  if (a == b || dim_equals_constant(b, 1)) return a;
  if (dim_equals_constant(a, 1)) return b;
  int64_t constant; /* a constant other than 1 wins: the other dim must be 1 or equal to it */
  if (dim_is_constant(a, &constant)) return a;
  if (dim_is_constant(b, &constant)) return b;
  return ordered_atom(context, DIM_BROADCAST, a, b);
}

Dim dim_plainer(Dim a, Dim b) {
  int64_t constant;
  if (dim_is_constant(a, &constant)) return a;
  return dim_is_constant(b, &constant) || b->size < a->size ? b : a;
}

static int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

static int64_t saturating_multiply(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? ((a < 0) != (b < 0) ? INT64_MIN : INT64_MAX) : product;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static DimRange multiply_ranges(DimRange a, DimRange b) {
  int64_t p = saturating_multiply(a.low, b.low), q = saturating_multiply(a.low, b.high);
  int64_t r = saturating_multiply(a.high, b.low), s = saturating_multiply(a.high, b.high);
  return (DimRange){smaller(smaller(p, q), smaller(r, s)), larger(larger(p, q), larger(r, s))};
}

static DimRange atom_range(const DimContext *context, const DimAtom *atom) {
  if (atom->kind == DIM_SYMBOL) return atom->symbol->range;
  DimRange a = dim_range(context, atom->left), b = dim_range(context, atom->right);
  switch (atom->kind) {
  case DIM_FLOOR_DIVIDE:
    if (b.low < 1) break;
    return (DimRange){a.low >= 0 ? a.low / b.high : floor_quotient(a.low, b.low),
                      a.high >= 0 ? a.high / b.low : floor_quotient(a.high, b.high)};
  case DIM_MODULO: return (DimRange){0, b.high - 1};
  case DIM_MIN: return (DimRange){smaller(a.low, b.low), smaller(a.high, b.high)};
  case DIM_MAX: return (DimRange){larger(a.low, b.low), larger(a.high, b.high)};
  case DIM_BROADCAST: return (DimRange){smaller(a.low, b.low), larger(a.high, b.high)};
  case DIM_SYMBOL: break;
  }
  return (DimRange){INT64_MIN, INT64_MAX};
}

/* a - b, where that is a constant. */
static bool constant_difference(Dim a, Dim b, int64_t *difference) {
  uint32_t i = 0, j = 0;
  *difference = 0;
  if (!a->valid || !b->valid) return false;
  while (i < a->term_count || j < b->term_count) {
    const DimTerm *left = i < a->term_count ? &a->terms[i] : NULL, *right = j < b->term_count ? &b->terms[j] : NULL;
    if (left && !left->factor_count) {
      *difference = saturating_add(*difference, left->coefficient);
      i++;
    } else if (right && !right->factor_count) {
      if (right->coefficient == INT64_MIN) return false;
      *difference = saturating_add(*difference, -right->coefficient);
      j++;
    } else if (left && right && left->coefficient == right->coefficient && compare_terms(left, right) == 0) {
      i++;
      j++;
    } else {
      return false;
    }
  }
  return true;
}

/* The difference of two minima, or of two maxima, lies between those of what they are taken of. */
static bool difference_of_extrema(const DimTerm *a, const DimTerm *b, DimRange *range) {
  if (a->factor_count != 1 || b->factor_count != 1 || a->coefficient != 1 || b->coefficient != -1) return false;
  const DimAtom *x = a->factors[0], *y = b->factors[0];
  int64_t first, second;
  if (x->kind != y->kind || (x->kind != DIM_MIN && x->kind != DIM_MAX)) return false;
  bool pairs = (constant_difference(x->left, y->left, &first) && constant_difference(x->right, y->right, &second)) ||
               (constant_difference(x->left, y->right, &first) && constant_difference(x->right, y->left, &second));
  if (pairs) *range = (DimRange){smaller(first, second), larger(first, second)};
  return pairs;
}

static DimRange term_range(const DimContext *context, const DimTerm *term) {
  DimRange product = {term->coefficient, term->coefficient};
  for (uint32_t j = 0; j < term->factor_count; j++)
    product = multiply_ranges(product, atom_range(context, term->factors[j]));
  return product;
}

static void add_range(DimRange *sum, DimRange more) {
  sum->low = saturating_add(sum->low, more.low);
  sum->high = saturating_add(sum->high, more.high);
}

/* The sum of the terms but two, whose range is known together. */
static DimRange range_with_pair(const DimContext *context, Dim dim, uint32_t a, uint32_t b, DimRange pair) {
  for (uint32_t i = 0; i < dim->term_count; i++)
    if (i != a && i != b) add_range(&pair, term_range(context, &dim->terms[i]));
  return pair;
}

DimRange dim_range(const DimContext *context, Dim dim) {
  enum { PAIRED_TERMS = 8 };
  DimRange sum = {0, 0}, pair;
  if (!dim->valid) return (DimRange){INT64_MIN, INT64_MAX};
  for (uint32_t i = 0; i < dim->term_count; i++) add_range(&sum, term_range(context, &dim->terms[i]));
  for (uint32_t i = 0; dim->term_count <= PAIRED_TERMS && i < dim->term_count; i++)
    for (uint32_t j = 0; j < dim->term_count; j++) {
      if (i == j || !difference_of_extrema(&dim->terms[i], &dim->terms[j], &pair)) continue;
      DimRange together = range_with_pair(context, dim, i, j, pair);
      sum = (DimRange){larger(sum.low, together.low), smaller(sum.high, together.high)};
    }
  return sum;
}

/* Whether what is assumed says which leaf of a minimum or maximum it is: that leaf, else the atom. */
static Dim settle_atom(DimContext *context, const DimAtom *atom) {
  if (atom->kind == DIM_SYMBOL) return from_atom(context, DIM_SYMBOL, atom->symbol, NULL, NULL);
  Dim left = settle(context, atom->left), right = settle(context, atom->right);
  if (atom->kind == DIM_MIN || atom->kind == DIM_MAX) {
    if (compare_by_facts(context, left, right) == TRUTH_YES) return atom->kind == DIM_MIN ? left : right;
    if (compare_by_facts(context, right, left) == TRUTH_YES) return atom->kind == DIM_MIN ? right : left;
  }
  switch (atom->kind) {
  case DIM_MIN: return dim_min(context, left, right);
  case DIM_MAX: return dim_max(context, left, right);
  case DIM_BROADCAST: return dim_broadcast(context, left, right);
  case DIM_FLOOR_DIVIDE: return dim_floor_divide(context, left, right);
  case DIM_MODULO: return dim_modulo(context, left, right);
  case DIM_SYMBOL: break;
  }
  return context->invalid;
}

static bool has_extremum(Dim dim) {
  for (uint32_t i = 0; i < dim->term_count; i++)
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++) {
      const DimAtom *atom = dim->terms[i].factors[j];
      if (atom->kind == DIM_MIN || atom->kind == DIM_MAX) return true;
      if (atom->kind != DIM_SYMBOL && (has_extremum(atom->left) || has_extremum(atom->right))) return true;
    }
  return false;
}

/* An equal dim, by what is assumed, with fewer minima and maxima. */
static Dim settle(DimContext *context, Dim dim) {
  if (!dim->valid || !has_extremum(dim)) return dim;
  Dim sum = dim_constant(context, 0);
  for (uint32_t i = 0; i < dim->term_count; i++) {
    Dim product = dim_constant(context, dim->terms[i].coefficient);
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++)
      product = dim_multiply(context, product, settle_atom(context, dim->terms[i].factors[j]));
    sum = dim_add(context, sum, product);
  }
  return sum;
}

static bool has_facts(const DimContext *context) { return context->zero_count || context->not_negative_count; }

static Truth equal_by_facts(DimContext *context, Dim a, Dim b) {
  if (!a->valid || !b->valid) return TRUTH_UNKNOWN;
  if (a == b) return TRUTH_YES;
  Dim difference = dim_subtract(context, a, b);
  if (!difference->valid) return TRUTH_UNKNOWN;
  DimRange range = dim_range(context, difference);
  if (range.low > 0 || range.high < 0) return TRUTH_NO;
  if (range.low == 0 && range.high == 0) return TRUTH_YES;
  Dim negative = context->zero_count ? dim_subtract(context, b, a) : NULL;
  for (size_t i = 0; i < context->zero_count; i++)
    if (context->zeros[i] == difference || context->zeros[i] == negative) return TRUTH_YES;
  return TRUTH_UNKNOWN;
}

Truth dim_equal(DimContext *context, Dim a, Dim b) {
  Truth truth = equal_by_facts(context, a, b);
  if (truth != TRUTH_UNKNOWN || !has_facts(context) || !a->valid || !b->valid) return truth;
  Dim plain_a = settle(context, a), plain_b = settle(context, b);
  return plain_a == a && plain_b == b ? truth : equal_by_facts(context, plain_a, plain_b);
}

static bool uses_symbol(Dim dim, const Symbol *symbol) {
  for (uint32_t i = 0; i < dim->term_count; i++)
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++) {
      const DimAtom *atom = dim->terms[i].factors[j];
      if (atom->kind == DIM_SYMBOL ? atom->symbol == symbol
                                   : uses_symbol(atom->left, symbol) || uses_symbol(atom->right, symbol))
        return true;
    }
  return false;
}

/* sum = rest + factor * symbol; false where the symbol stands in a power or inside of an atom. */
static bool split_linear(DimContext *context, Dim sum, const Symbol *symbol, Dim *rest, Dim *factor) {
  *rest = *factor = dim_constant(context, 0);
  for (uint32_t i = 0; i < sum->term_count; i++) {
    const DimTerm *term = &sum->terms[i];
    const DimAtom *others[FACTOR_LIMIT];
    DimTerm left = {.coefficient = term->coefficient, .factors = others};
    for (uint32_t j = 0; j < term->factor_count; j++)
      if (term->factors[j]->kind != DIM_SYMBOL || term->factors[j]->symbol != symbol)
        others[left.factor_count++] = term->factors[j];
    if (term->factor_count - left.factor_count > 1) return false;
    Dim *part = left.factor_count == term->factor_count ? rest : factor;
    *part = dim_add(context, *part, intern(context, &left, 1));
  }
  return (*rest)->valid && (*factor)->valid && !uses_symbol(*rest, symbol) && !uses_symbol(*factor, symbol);
}

/* The last symbol with a limit that is a factor of a term. */
static const Symbol *last_limited(Dim sum) {
  const Symbol *last = NULL;
  for (uint32_t i = 0; i < sum->term_count; i++)
    for (uint32_t j = 0; j < sum->terms[i].factor_count; j++) {
      const DimAtom *atom = sum->terms[i].factors[j];
      if (atom->kind == DIM_SYMBOL && atom->symbol->limit && (!last || last->index < atom->symbol->index))
        last = atom->symbol;
    }
  return last;
}

/* Provably at least 0. What is linear in the number of an iteration is least at one of its ends. */
static bool is_never_negative(DimContext *context, Dim sum) {
  Dim rest, factor;
  if (!sum->valid) return false;
  if (dim_range(context, sum).low >= 0) return true;
  const Symbol *symbol = last_limited(sum);
  if (!symbol || !split_linear(context, sum, symbol, &rest, &factor)) return false;
  DimRange sign = dim_range(context, factor);
  if (sign.low >= 0) return is_never_negative(context, rest);
  if (sign.high > 0) return false;
  Dim last = dim_subtract(context, symbol->limit, dim_constant(context, 1));
  return is_never_negative(context, dim_add(context, rest, dim_multiply(context, factor, last)));
}

/* From ranges alone. */
static Truth compare_by_range(DimContext *context, Dim a, Dim b) {
  if (!a->valid || !b->valid) return TRUTH_UNKNOWN;
  Dim difference = dim_subtract(context, b, a);
  if (!difference->valid) return TRUTH_UNKNOWN;
  if (is_never_negative(context, difference)) return TRUTH_YES;
  return dim_range(context, difference).high < 0 ? TRUTH_NO : TRUTH_UNKNOWN;
}

/* Provably at least 0 by what is assumed. */
static bool is_assumed_not_negative(DimContext *context, Dim sum) {
  for (size_t i = 0; i < context->not_negative_count; i++)
    if (is_never_negative(context, dim_subtract(context, sum, context->not_negative[i]))) return true;
  for (size_t i = 0; i < context->zero_count; i++)
    if (is_never_negative(context, dim_subtract(context, sum, context->zeros[i])) ||
        is_never_negative(context, dim_add(context, sum, context->zeros[i])))
      return true;
  return false;
}

static Truth compare_by_facts(DimContext *context, Dim a, Dim b) {
  Truth truth = compare_by_range(context, a, b);
  if (truth != TRUTH_UNKNOWN || !a->valid || !b->valid) return truth;
  return is_assumed_not_negative(context, dim_subtract(context, b, a)) ? TRUTH_YES : TRUTH_UNKNOWN;
}

Truth dim_less_equal(DimContext *context, Dim a, Dim b) {
  Truth truth = compare_by_facts(context, a, b);
  if (truth != TRUTH_UNKNOWN || !has_facts(context) || !a->valid || !b->valid) return truth;
  Dim plain_a = settle(context, a), plain_b = settle(context, b);
  return plain_a == a && plain_b == b ? truth : compare_by_facts(context, plain_a, plain_b);
}

void dim_assume_zero(DimContext *context, Dim form) {
  const DimAtom *atom = single_atom(form);
  Leaves leaves = {.count = 0};
  if (atom && atom->kind == DIM_MIN) add_leaves(context, &leaves, DIM_MIN, form);
  bool bounds = false; /* min(0, a, b) = 0: neither is negative */
  for (uint32_t i = 0; i < leaves.count && !leaves.overflow; i++) bounds = bounds || dim_equals_constant(leaves.items[i], 0);
  for (uint32_t i = 0; i < leaves.count && bounds; i++)
    if (!dim_equals_constant(leaves.items[i], 0) && context->not_negative_count < FACT_LIMIT)
      arena_push(context->arena, context->not_negative, context->not_negative_count, context->not_negative_capacity) =
          leaves.items[i];
  if (!bounds && context->zero_count < FACT_LIMIT)
    arena_push(context->arena, context->zeros, context->zero_count, context->zero_capacity) = form;
}

static bool evaluate_atom(const DimAtom *atom, const int64_t *symbols, int64_t *value) {
  int64_t a, b;
  if (atom->kind == DIM_SYMBOL) {
    *value = symbols[atom->symbol->index];
    return true;
  }
  if (!dim_evaluate(atom->left, symbols, &a) || !dim_evaluate(atom->right, symbols, &b)) return false;
  switch (atom->kind) {
  case DIM_FLOOR_DIVIDE:
  case DIM_MODULO:
    if (b < 1) return false;
    *value = atom->kind == DIM_MODULO ? floor_modulo(a, b) : floor_quotient(a, b);
    break;
  case DIM_MIN: *value = smaller(a, b); break;
  case DIM_MAX: *value = larger(a, b); break;
  case DIM_BROADCAST: *value = a == 1 ? b : a; break;
  case DIM_SYMBOL: break;
  }
  return true;
}

bool dim_evaluate(Dim dim, const int64_t *symbols, int64_t *value) {
  if (!dim->valid) return false;
  int64_t sum = 0;
  for (uint32_t i = 0; i < dim->term_count; i++) {
    int64_t product = dim->terms[i].coefficient, factor = 0;
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++)
      if (!evaluate_atom(dim->terms[i].factors[j], symbols, &factor) ||
          __builtin_mul_overflow(product, factor, &product))
        return false;
    if (__builtin_add_overflow(sum, product, &sum)) return false;
  }
  *value = sum;
  return true;
}

bool dim_visit_symbols(Dim dim, SymbolVisitor visit, void *user) {
  for (uint32_t i = 0; i < dim->term_count; i++)
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++) {
      const DimAtom *atom = dim->terms[i].factors[j];
      bool more = atom->kind == DIM_SYMBOL
                      ? visit(user, atom->symbol)
                      : dim_visit_symbols(atom->left, visit, user) && dim_visit_symbols(atom->right, visit, user);
      if (!more) return false;
    }
  return true;
}
