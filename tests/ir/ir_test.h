/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the tensor graph: a diagnostics sink that collects, and the round trip. */
#ifndef AICC_TESTS_IR_TEST_H
#define AICC_TESTS_IR_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "ir/build.h"
#include "ir/graph.h"

/* Appends each message and a newline to the Text that is `user`. */
static inline void collect_message(void *user, const char *text) {
  text_add(user, text);
  text_add(user, "\n");
}

/* Verifies the module, prints it, parses that, prints again and compares; the parsed module is returned and
   lives until the caller destroys it. */
static inline Module *check_round_trip(Module *module) {
  Text first = {0}, second = {0};
  assert_true(module_verify(module, "test"));
  module_print(&first, module);
  Module *again = module_parse(module->diagnostics, "test.aicc-ir", first.bytes, first.length, NULL);
  if (!again) print_message("%s\n", text_string(&first));
  assert_non_null(again);
  module_print(&second, again);
  assert_string_equal(text_string(&first), text_string(&second));
  text_free(&first);
  text_free(&second);
  return again;
}

/* A value that stands for the k-th argument of an entry under construction. */
static inline Value *add_argument(Builder *builder, const char *name, ElementType element, uint32_t rank,
                                  const Dim *dims) {
  return region_add_argument(builder->module, builder->region,
                             type_tensor(builder->module->arena, element, rank, dims), name);
}

/* Closes the entry @run with these results. */
static inline void finish_entry(Builder *builder, Value *const *results, uint32_t count) {
  static const char *const names[] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"};
  const Region *body = builder->region;
  const char **arguments = arena_array(builder->module->arena, const char *, body->argument_count);
  for (uint32_t i = 0; i < body->argument_count; i++) arguments[i] = body->arguments[i]->name;
  for (uint32_t i = 0; i < count; i++) assert_non_null(results[i]);
  region_set_results(builder->module, builder->region, results, count);
  module_add_entry(builder->module, "run", builder->region, arguments, names);
}
#endif
