/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads a value: once each, in order, and by the node of the value's own region. */
#include "ir/uses.h"
#include "ir_test.h"

static const char *const text =
    "module \"m\" hash \"0000000000000000\" {\n"
    "  entry @run(%0 \"x\": f32[4], %1 \"c\": bool[]) -> (\"y\": f32[4], \"z\": f32[4]) {\n"
    "    %2: f32[4] = add(%0, %0)\n"
    "    %3: f32[4] = if(%1) region {\n"
    "      %4: f32[4] = neg(%0)\n"
    "      %5: f32[4] = mul(%4, %2)\n"
    "      return %5\n"
    "    } region {\n"
    "      return %2\n"
    "    }\n"
    "    %6: f32[4] = exp(%2)\n"
    "    return %2, %6\n"
    "  }\n"
    "}\n";

/* The kinds of the nodes that read the value, one letter each; r: it is a result. */
static const char *readers(const Uses *uses, const Value *value) {
  static char letters[16];
  uint32_t count = 0, position = 0;
  for (uint32_t i = uses->starts[value->id]; i < uses->starts[value->id + 1]; i++) {
    const Use *use = &uses->uses[i];
    assert_true(use->position > position);
    position = use->position;
    letters[count++] = !use->node                           ? 'r'
                       : use->node->region_count            ? 'i'
                       : use->node->scalar == SCALAR_ADD    ? 'a'
                       : use->node->scalar == SCALAR_NEG    ? 'n'
                       : use->node->scalar == SCALAR_MUL    ? 'm'
                                                            : 'e';
    assert_true(!use->node || use->node->parent == (value->producer ? value->producer->parent : use->node->parent));
  }
  letters[count] = 0;
  return letters;
}

static void nested_uses_belong_to_the_node_around(void **state) {
  (void)state;
  Text messages = {0};
  Diagnostics *diagnostics = diagnostics_create(collect_message, &messages);
  Module *module = module_parse(diagnostics, "m", text, strlen(text), NULL);
  assert_non_null(module);
  const Region *body = module->entries[0]->body;
  const Uses uses = uses_of(module->arena, module, body);
  const Node *add = body->first, *branch = add->next;
  assert_string_equal(readers(&uses, body->arguments[0]), "ai"); /* twice in one node, and within the branch */
  assert_string_equal(readers(&uses, body->arguments[1]), "i");
  assert_string_equal(readers(&uses, add->results[0]), "ier"); /* in both regions of one node */
  assert_string_equal(readers(&uses, branch->results[0]), "");
  const Node *negation = branch->regions[0]->first;
  assert_string_equal(readers(&uses, negation->results[0]), "m");
  assert_string_equal(readers(&uses, negation->next->results[0]), "r"); /* of its region */
  module_destroy(module);
  diagnostics_destroy(diagnostics);
  text_free(&messages);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nested_uses_belong_to_the_node_around)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
