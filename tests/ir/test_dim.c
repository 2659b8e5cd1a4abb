/* SPDX-License-Identifier: Apache-2.0 */
/* Dim expressions: normal forms, ranges, proofs, text, and random expressions against plain arithmetic. */
#include "ir_test.h"

typedef struct Fixture {
  Arena *arena;
  DimContext *context;
  Dim n, h, w; /* H in [1, 64], W in [2, 10]; N by default */
} Fixture;

static int setup(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  f->arena = arena_create();
  f->context = dim_context_create(f->arena);
  f->n = dim_symbol(f->context, "N");
  f->h = dim_symbol(f->context, "H");
  f->w = dim_symbol(f->context, "W");
  dim_symbol_set_range(f->context, dim_symbol_find(f->context, "H"), (DimRange){1, 64});
  dim_symbol_set_range(f->context, dim_symbol_find(f->context, "W"), (DimRange){2, 10});
  *state = f;
  return 0;
}

static int teardown(void **state) {
  Fixture *f = *state;
  arena_destroy(f->arena);
  free(f);
  return 0;
}

/* Null where the text is no dim or goes on after it. */
static Dim parse(Fixture *f, const char *text) {
  Lexer lexer;
  lexer_start(&lexer, f->arena, text, strlen(text));
  Dim dim = dim_parse(f->context, &lexer);
  return dim && lexer.token.kind == TOKEN_END ? dim : NULL;
}

static void assert_prints(Dim dim, const char *expected) {
  Text text = {0};
  dim_print(&text, dim);
  assert_string_equal(text_string(&text), expected);
  text_free(&text);
}

static void normal_forms(void **state) {
  Fixture *f = *state;
  /* Left: some spelling, right: an equal one; equality is identity. */
  static const char *const pairs[][2] = {
      {"N+H", "H+N"},
      {"2*(N+3)-N", "N+6"},
      {"(N+1)*(N-1)", "N*N-1"},
      {"N-N", "0"},
      {"floordiv(2*N+4,2)", "N+2"},
      {"floordiv(N*H,H)", "N"},
      {"floordiv(N+5,3)", "1+floordiv(N+2,3)"},
      {"floordiv(H-1,2)+1", "floordiv(H+1,2)"},
      {"floordiv(W,16)", "0"},
      {"floordiv(-7,2)", "-4"},
      {"mod(-7,4)", "1"},
      {"mod(6*N,3)", "0"},
      {"min(N,N+1)", "N"},
      {"max(H,1)", "H"},
      {"max(W,1+W)", "W+1"},
      {"min(N,H)", "min(H,N)"},
      {"max(N,H)", "max(H,N)"},
      {"bdim(N,1)", "N"},
      {"bdim(1,N)", "N"},
      {"bdim(N,7)", "7"},
      {"bdim(N,N)", "N"},
      {"--3", NULL},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    Dim left = parse(f, pairs[i][0]);
    if (!pairs[i][1]) {
      assert_null(left);
      continue;
    }
    assert_non_null(left);
    if (left != parse(f, pairs[i][1])) {
      Text text = {0};
      dim_print(&text, left);
      fail_msg("%s became %s", pairs[i][0], text.bytes);
    }
  }
}

static void printed_forms(void **state) {
  Fixture *f = *state;
  assert_prints(parse(f, "3+H*2-N*N*4"), "-4*N*N+2*H+3");
  assert_prints(parse(f, "floordiv(N,3)*N+mod(N,5)"), "N*floordiv(N,3)+mod(N,5)");
  assert_prints(dim_constant(f->context, INT64_MIN), "-9223372036854775808");
  assert_prints(dim_constant(f->context, 0), "0");
  assert_prints(dim_invalid(f->context), "?");
  assert_prints(dim_symbol(f->context, "unk__12"), "unk__12");
  assert_prints(dim_symbol(f->context, "past + seq"), "\"past + seq\"");
  assert_prints(dim_symbol(f->context, "min"), "\"min\"");
  assert_ptr_equal(parse(f, "-9223372036854775808"), dim_constant(f->context, INT64_MIN));
  assert_ptr_equal(parse(f, "\"min\""), dim_symbol(f->context, "min"));
}

/* The order of terms does not depend on which atom was made first. */
static void order_is_structural(void **state) {
  Fixture *f = *state;
  Dim quotient = dim_floor_divide(f->context, f->n, dim_constant(f->context, 3));
  Dim late = dim_symbol(f->context, "Z");
  assert_prints(dim_add(f->context, quotient, late), "Z+floordiv(N,3)");
  assert_prints(dim_max(f->context, quotient, late), "max(Z,floordiv(N,3))");
}

static void overflow_is_invalid(void **state) {
  Fixture *f = *state;
  static const char *const texts[] = {"9223372036854775807+1",
                                      "-9223372036854775808-1",
                                      "9223372036854775807*2",
                                      "9223372036854775807*N+N",
                                      "9223372036854775808",
                                      "-9223372036854775808*-1",
                                      "N*N*N*N*N*N*N*N*N*N*N*N*N*N*N*N*N",
                                      "floordiv(3,0)",
                                      "floordiv(3,N)",
                                      "mod(3,N)",
                                      "mod(3,-1)",
                                      "floordiv(9223372036854775807+1,2)"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    Dim dim = parse(f, texts[i]);
    if (dim && dim_is_valid(dim)) fail_msg("%s is valid", texts[i]);
  }
  Dim invalid = dim_invalid(f->context);
  assert_false(dim_is_valid(dim_add(f->context, invalid, f->n)));
  assert_false(dim_is_valid(dim_min(f->context, f->n, invalid)));
  assert_int_equal(dim_equal(f->context, invalid, invalid), TRUTH_UNKNOWN);
  Dim least = dim_constant(f->context, INT64_MIN), three = dim_constant(f->context, 3);
  assert_prints(dim_floor_divide(f->context, least, three), "-3074457345618258603");
  assert_prints(dim_modulo(f->context, least, three), "1");
  Dim scaled = dim_floor_divide(f->context, dim_multiply(f->context, least, f->n), three);
  assert_prints(scaled, "-3074457345618258603*N+floordiv(N,3)");
}

/* Chains of atoms that share their parts would print in exponential size. */
static void growth_is_bounded(void **state) {
  Fixture *f = *state;
  Dim dim = f->n, two = dim_constant(f->context, 2), three = dim_constant(f->context, 3);
  for (int i = 0; i < 100; i++)
    dim =
        dim_floor_divide(f->context, dim_add(f->context, dim, dim_floor_divide(f->context, dim, two)), three);
  assert_false(dim_is_valid(dim));
  dim = f->n;
  for (int i = 0; i < 100000; i++) dim = dim_max(f->context, dim_subtract(f->context, two, dim), three);
  assert_true(!dim_is_valid(dim) || dim->depth < 1000);
}

static void ranges(void **state) {
  Fixture *f = *state;
  static const struct {
    const char *text;
    int64_t low, high;
  } rows[] = {{"H", 1, 64},        {"N", 0, INT32_MAX},      {"2*H-3*W", -28, 122},      {"H*W", 2, 640},
              {"-H", -64, -1},     {"floordiv(H,3)", 0, 21}, {"mod(N,W)", 0, 9},         {"min(N,W)", 0, 10},
              {"max(H,W)", 2, 64}, {"bdim(H,W)", 1, 64},     {"floordiv(-H,W)", -32, -1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    DimRange range = dim_range(f->context, parse(f, rows[i].text));
    if (range.low != rows[i].low || range.high != rows[i].high)
      fail_msg("%s: [%lld, %lld]", rows[i].text, (long long)range.low, (long long)range.high);
  }
  assert_int_equal(dim_less_equal(f->context, f->w, dim_constant(f->context, 10)), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, dim_constant(f->context, 65), f->h), TRUTH_NO);
  assert_int_equal(dim_less_equal(f->context, f->h, f->w), TRUTH_UNKNOWN);
  assert_int_equal(dim_equal(f->context, f->h, dim_constant(f->context, 0)), TRUTH_NO);
  assert_int_equal(dim_equal(f->context, f->h, f->w), TRUTH_UNKNOWN);
}

/* The number of an iteration lies below its limit, which may be symbolic. */
static void iteration_numbers(void **state) {
  Fixture *f = *state;
  DimContext *c = f->context;
  Dim one = dim_constant(c, 1), zero = dim_constant(c, 0);
  dim_symbol_pin(c, "i1", 7); /* names that somebody pinned or declared are left alone */
  dim_symbol_declare(c, "i0");
  const Symbol *symbol = dim_symbol_create(c, "i");
  assert_string_equal(symbol->name, "i2");
  dim_symbol_set_limit(c, symbol, f->n);
  assert_int_equal(symbol->range.low, 0);
  assert_int_equal(symbol->range.high, INT32_MAX - 1);
  Dim i = dim_symbol(c, "i2"), next = dim_add(c, i, one);
  assert_int_equal(dim_less_equal(c, next, f->n), TRUTH_YES);
  assert_int_equal(dim_less_equal(c, zero, dim_subtract(c, f->n, next)), TRUTH_YES);
  assert_int_equal(dim_less_equal(c, dim_multiply(c, next, f->w), dim_multiply(c, f->n, f->w)), TRUTH_YES);
  assert_int_equal(dim_less_equal(c, dim_add(c, next, one), f->n), TRUTH_UNKNOWN);
  assert_int_equal(dim_less_equal(c, next, f->h), TRUTH_UNKNOWN);
  assert_int_equal(dim_less_equal(c, dim_multiply(c, i, i), f->n), TRUTH_UNKNOWN);
  assert_int_equal(dim_less_equal(c, dim_floor_divide(c, i, f->w), f->n), TRUTH_UNKNOWN);
  const Symbol *inner = dim_symbol_create(c, "i");
  dim_symbol_set_limit(c, inner, f->w);
  Dim flat = dim_add(c, dim_multiply(c, i, f->w), dim_symbol(c, inner->name)); /* i * W + j < N * W */
  assert_int_equal(dim_less_equal(c, dim_add(c, flat, one), dim_multiply(c, f->n, f->w)), TRUTH_YES);
  const Symbol *never = dim_symbol_create(c, "i");
  dim_symbol_set_limit(c, never, zero);
  assert_int_equal(never->range.high, 0);
}

static void syntax_errors(void **state) {
  Fixture *f = *state;
  static const char *const texts[] = {"",    "+",   "N+", "min(N)", "min(N,", "floordiv N",          "(N",
                                      "N N", "1.5", "*N", "\"",     "%1",     "18446744073709551615"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (parse(f, texts[i])) fail_msg("'%s' is no dim", texts[i]);
  char deep[4001];
  memset(deep, '(', 4000);
  deep[4000] = 0;
  assert_null(parse(f, deep));
}

/* A random expression built through the functions, and its value by plain arithmetic. */
typedef struct Random {
  Fixture *fixture;
  uint64_t seed;
  int64_t values[3];
} Random;

static uint32_t draw(Random *random, uint32_t limit) {
  random->seed = random->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(random->seed >> 33) % limit;
}

static int64_t floor_of(int64_t a, int64_t b) {
  int64_t q = a / b;
  return a % b != 0 && a < 0 ? q - 1 : q;
}

static Dim random_dim(Random *random, int depth, int64_t *value) {
  DimContext *context = random->fixture->context;
  if (depth == 0 || draw(random, 5) == 0) {
    static const char *const names[3] = {"N", "H", "W"};
    uint32_t k = draw(random, 5);
    *value = k < 3 ? random->values[k] : (int64_t)draw(random, 21) - 10;
    return k < 3 ? dim_symbol(context, names[k]) : dim_constant(context, *value);
  }
  int64_t a, b, positive = 1 + draw(random, 7);
  uint32_t kind = draw(random, 8);
  Dim x = random_dim(random, depth - 1, &a), y = random_dim(random, depth - 1, &b);
  switch (kind) {
  case 0:
    *value = a + b;
    return dim_add(context, x, y);
  case 1:
    *value = a - b;
    return dim_subtract(context, x, y);
  case 2:
    *value = a * b;
    return dim_multiply(context, x, y);
  case 3:
    *value = a < b ? a : b;
    return dim_min(context, x, y);
  case 4:
    *value = a > b ? a : b;
    return dim_max(context, x, y);
  case 5:
    *value = floor_of(a, positive);
    return dim_floor_divide(context, x, dim_constant(context, positive));
  case 6:
    *value = a - positive * floor_of(a, positive);
    return dim_modulo(context, x, dim_constant(context, positive));
  default:
    *value = -floor_of(-a, random->values[2]);
    return dim_ceil_divide(context, x, random->fixture->w);
  }
}

static void random_expressions(void **state) {
  Random random = {.fixture = *state, .seed = 20240607};
  Fixture *f = *state;
  int valid = 0;
  for (int i = 0; i < 4000; i++) {
    int64_t expected, found;
    static const uint32_t limits[3] = {1000, 64, 9};
    for (int k = 0; k < 3; k++) random.values[k] = (k == 2 ? 2 : k) + (int64_t)draw(&random, limits[k]);
    Dim dim = random_dim(&random, 4, &expected);
    if (!dim_is_valid(dim)) continue;
    valid++;
    assert_true(dim_evaluate(dim, random.values, &found));
    DimRange range = dim_range(f->context, dim);
    Text text = {0};
    dim_print(&text, dim);
    if (found != expected)
      fail_msg("%s is %lld, not %lld", text.bytes, (long long)found, (long long)expected);
    if (found < range.low || found > range.high) fail_msg("%s is out of its range", text.bytes);
    if (parse(f, text.bytes) != dim) fail_msg("%s reads back differently", text.bytes);
    DimContext *fresh = dim_context_create(f->arena); /* also where no atom exists yet */
    for (int k = 0; k < 3; k++) {
      const Symbol *symbol = dim_symbol_at(f->context, (size_t)k);
      dim_symbol_set_range(fresh, dim_symbol_declare(fresh, symbol->name), symbol->range);
    }
    Lexer lexer;
    lexer_start(&lexer, f->arena, text.bytes, text.length);
    Dim again = dim_parse(fresh, &lexer);
    assert_non_null(again);
    assert_prints(again, text.bytes);
    assert_true(dim_evaluate(again, random.values, &found));
    assert_int_equal(found, expected);
    text_free(&text);
  }
  assert_true(valid > 3000);
}

/* However minima are joined, they are one; what is never the least goes. */
static void extrema(void **state) {
  Fixture *f = *state;
  static const char *const pairs[][2] = {{"min(min(N,H),W)", "min(H,min(W,N))"},   {"max(max(N,H),N)", "max(H,N)"},
                                         {"max(max(4*N,3072*N),N)", "3072*N"},     {"min(max(N,W),max(W,N))", "max(N,W)"},
                                         {"max(max(N,H),max(W,max(H,N)))", "max(max(N,H),W)"}, {"min(min(N,5),3)", "min(N,3)"},
                                         {"min(0,min(N-3,H-2))", "min(H-2,min(N-3,0))"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (parse(f, pairs[i][0]) != parse(f, pairs[i][1])) fail_msg("%s is not %s", pairs[i][0], pairs[i][1]);
  Dim many = f->n; /* joined again and again it does not grow */
  for (int i = 0; i < 200; i++) many = dim_max(f->context, many, i % 2 ? f->h : f->w);
  assert_ptr_equal(many, parse(f, "max(max(N,H),W)"));
  Dim bounded = f->n; /* of more than are kept apart it stays a maximum */
  for (int64_t i = 1; i < 40; i++)
    bounded = dim_max(f->context, bounded, dim_multiply(f->context, dim_symbol(f->context, i % 2 ? "A" : "B"), dim_constant(f->context, 41 - i)));
  assert_true(dim_is_valid(bounded));
  static const struct {
    const char *text;
    int64_t low, high;
  } differences[] = {{"min(N+1,448)-min(N,448)", 0, 1}, {"max(N,3)-max(N,5)", -2, 0}, {"min(H,N+2)-min(H,N)+1", 1, 3},
                     {"max(0,min(N+1,448)-min(N,448))", 0, 1}};
  for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
    DimRange range = dim_range(f->context, parse(f, differences[i].text));
    if (range.low != differences[i].low || range.high != differences[i].high)
      fail_msg("%s: [%lld, %lld]", differences[i].text, (long long)range.low, (long long)range.high);
  }
}

/* What two dims broadcast to, where form or range says more than that one of them may be 1. */
static void broadcasting(void **state) {
  Fixture *f = *state;
  assert_ptr_equal(parse(f, "bdim(N,min(N,512))"), f->n);
  assert_ptr_equal(parse(f, "bdim(min(min(N,7),W),N)"), f->n);
  assert_ptr_equal(parse(f, "bdim(N,bdim(N,H))"), parse(f, "bdim(N,H)"));
  assert_ptr_equal(parse(f, "bdim(bdim(H,N),H)"), parse(f, "bdim(N,H)"));
  assert_true(dim_is_clipped(f->context, parse(f, "min(N,2)"), f->n));
  assert_false(dim_is_clipped(f->context, parse(f, "min(N,1)"), f->n));
  assert_false(dim_is_clipped(f->context, parse(f, "min(N,H)"), f->n)); /* H may be 1 where N is not */
  assert_false(dim_is_clipped(f->context, parse(f, "min(H,2)"), f->n));
  assert_ptr_not_equal(parse(f, "bdim(N,min(N,H))"), f->n);
}

/* What a run requires serves to prove what follows from it, also through minima and maxima. */
static void facts(void **state) {
  Fixture *f = *state;
  Dim length = parse(f, "max(0,min(N+H,1024)-min(H,1024))"), total = parse(f, "N+H");
  assert_int_equal(dim_equal(f->context, length, f->n), TRUTH_UNKNOWN);
  dim_assume_zero(f->context, parse(f, "N+H-min(N+H,1024)"));
  assert_int_equal(dim_equal(f->context, length, f->n), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, f->n, length), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, parse(f, "N+1"), length), TRUTH_NO);
  assert_int_equal(dim_equal(f->context, total, parse(f, "min(N+H,1024)")), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, total, dim_constant(f->context, 1024)), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, total, dim_constant(f->context, 1023)), TRUTH_UNKNOWN);
  dim_assume_zero(f->context, parse(f, "min(0,min(N-7,W-5))")); /* both are at least 0 */
  assert_int_equal(dim_less_equal(f->context, dim_constant(f->context, 7), f->n), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, dim_constant(f->context, 5), f->w), TRUTH_YES);
  assert_int_equal(dim_less_equal(f->context, dim_constant(f->context, 6), f->w), TRUTH_UNKNOWN);
}

/* Names that say what a dim is, of symbols that there are. */
static void spelled(void **state) {
  Fixture *f = *state;
  assert_ptr_equal(dim_spelled(f->context, f->arena, "N + H"), parse(f, "N+H"));
  assert_ptr_equal(dim_spelled(f->context, f->arena, "2*N+1"), parse(f, "2*N+1"));
  assert_null(dim_spelled(f->context, f->arena, "N"));
  assert_null(dim_spelled(f->context, f->arena, "N + M"));
  assert_null(dim_spelled(f->context, f->arena, "N + "));
  assert_null(dim_spelled(f->context, f->arena, "N H"));
  assert_null(dim_spelled(f->context, f->arena, "input \"N\" + H"));
  assert_null(dim_spelled(f->context, f->arena, ""));
  assert_int_equal(dim_symbol_count(f->context), 3); /* asking declares nothing */
  dim_symbol_pin(f->context, "P", 16);
  assert_true(dim_equals_constant(dim_spelled(f->context, f->arena, "P + 1"), 17));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(normal_forms),      TEST(printed_forms), TEST(order_is_structural), TEST(overflow_is_invalid),
      TEST(growth_is_bounded), TEST(ranges),        TEST(iteration_numbers),   TEST(syntax_errors),
      TEST(random_expressions), TEST(extrema),      TEST(broadcasting),       TEST(facts),
      TEST(spelled)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
