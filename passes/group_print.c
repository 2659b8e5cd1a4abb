/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a module as text: the module, and a comment for each group, which reading it back passes over. */
#include "base/text.h"
#include "passes/lower_internal.h"
#include <stdlib.h>

typedef struct GroupPrinter {
  Text *text;
  const Lowering *lowering;
  uint32_t *numbers, count;
} GroupPrinter;

static void print_value(GroupPrinter *printer, const Value *value) {
  value_print(printer->text, value, printer->numbers, printer->count);
}

static void print_extents(GroupPrinter *printer, const Group *group, uint64_t axes) {
  const char *separator = "";
  for (uint32_t i = 0; i < group->root_axis_count; i++) {
    if (!(axes >> i & 1)) continue;
    text_add(printer->text, separator);
    dim_print(printer->text, group->extents[i]);
    separator = ", ";
  }
}

static void print_stage(GroupPrinter *printer, const Group *group, const Value *value) {
  const ValuePlan *plan = &printer->lowering->plans[value->id];
  if (plan->product) print_stage(printer, group, plan->product);
  text_add(printer->text, "//   ");
  print_value(printer, value);
  if (value == group->reduction || value->producer->kind == PRIMITIVE_CONTRACT)
    text_add(printer->text, " at each point");
  else if (plan->kept)
    text_add(printer->text, " kept for the product");
  else if (!plan->materialised)
    text_add(printer->text, " for each row");
  else if (plan->home == group->root)
    text_add(printer->text, " in the place of the root");
  else
    text_add(printer->text, " in memory");
  text_add(printer->text, "\n");
}

static void print_group(GroupPrinter *printer, const Group *group) {
  text_add(printer->text, "// group of ");
  print_value(printer, group->root);
  text_add(printer->text, " over [");
  print_extents(printer, group, UINT64_MAX);
  text_add(printer->text, "]");
  if (group->stage_count) {
    text_add(printer->text, ", rows [");
    print_extents(printer, group, group->outer);
    text_add(printer->text, "]");
  }
  text_add(printer->text, group->indexed ? ", at indices\n" : "\n");
  for (uint32_t i = group->stage_count; i-- > 0;) print_stage(printer, group, group->stages[i]);
  if (group->reduction) print_stage(printer, group, group->reduction);
}

static void print_region(GroupPrinter *printer, const Region *region) {
  for (const Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) print_region(printer, node->regions[i]);
    for (uint32_t i = 0; i < node->result_count; i++) {
      const Group *group = printer->lowering->plans[node->results[i]->id].group;
      if (group && group->root == node->results[i]) print_group(printer, group);
    }
  }
}

void lower_print_groups(Text *text, const Lowering *lowering) {
  GroupPrinter printer = {.text = text, .lowering = lowering};
  printer.numbers = values_number(lowering->module, &printer.count);
  module_print(text, lowering->module);
  print_region(&printer, lowering->program->entry->body);
  free(printer.numbers);
}
