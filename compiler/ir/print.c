/* SPDX-License-Identifier: Apache-2.0 */
/* The textual form of the tensor graph:
     module "model.onnx" hash "0123456789abcdef" {
       symbol N in [0, 2147483647]
       blob #0 : f32 x 288 = file "model.onnx" offset 1234 bytes 1152 hash "0123456789abcdef"
       entry @run(%0 "input": f32[N,1,28,28]) -> ("logits": f32[N,10]) {
         %1 "w": f32[32,1,3,3] = constant #0 loc "Conv_0"
         ...
         return %9
       }
     }
   Nodes with regions end in them:
         %2: f32[N] = if(%1) region {
           return %0
         } region {
           %3: f32[N] = neg(%0)
           return %3
         }
         %4: f32[N] = loop(_, %1, %2) <carried=1> loc "Loop_0" region (%5: i64[], %6: bool[], %7: f32[N]) {
           ...
           return %8, %9
         }
   Every module reads back to the same module: numbers follow the order of appearance, and what follows from
   the types is left out. Values: print here; subscripts: print_equation.c; constant data: print_blob.c. */
#include "ir/text_internal.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Printer {
  Text *text;
  const Module *module;
  uint32_t *numbers, number_count;
  BlobTable blobs;
  Arena *scratch;
} Printer;

typedef struct Numbering {
  uint32_t *numbers, count, next;
} Numbering;

static void number_value(Numbering *numbering, const Value *value) {
  if (value && value->id < numbering->count) numbering->numbers[value->id] = numbering->next++;
}

static void number_region(Numbering *numbering, const Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++) number_value(numbering, region->arguments[i]);
  const Node *previous = NULL; /* a broken list, which the verifier reports, may be a cycle */
  for (const Node *node = region->first; node && node->previous == previous;
       previous = node, node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++) number_value(numbering, node->results[i]);
    for (uint32_t i = 0; i < node->region_count; i++) number_region(numbering, node->regions[i]);
  }
}

uint32_t *values_number(const Module *module, uint32_t *count) {
  Numbering numbering = {.count = module->value_count};
  numbering.numbers = heap_resize(NULL, module->value_count * sizeof *numbering.numbers);
  memset(numbering.numbers, 0xff, module->value_count * sizeof *numbering.numbers);
  for (size_t i = 0; i < module->entry_count; i++) {
    numbering.next = 0;
    number_region(&numbering, module->entries[i]->body);
  }
  *count = numbering.count;
  return numbering.numbers;
}

void value_print(Text *text, const Value *value, const uint32_t *numbers, uint32_t count) {
  if (!value)
    text_add(text, "_");
  else if (value->id >= count || numbers[value->id] == NUMBER_UNKNOWN)
    text_format(text, "%%undefined_%u", value->id);
  else
    text_format(text, "%%%u", numbers[value->id]);
}

static void print_value(Printer *printer, const Value *value) {
  value_print(printer->text, value, printer->numbers, printer->number_count);
}

static void print_blanks(Printer *printer, uint32_t depth) {
  for (uint32_t i = 0; i < depth; i++) text_add(printer->text, "  ");
}

/* "%3 "conv": f32[1,32,28,28]" */
static void print_definition(Printer *printer, const Value *value) {
  print_value(printer, value);
  if (!value) return;
  if (value->name) {
    text_add(printer->text, " ");
    text_add_quoted(printer->text, value->name);
  }
  text_add(printer->text, ": ");
  type_print(printer->text, &value->type);
}

static void print_blob_reference(Printer *printer, const Blob *blob) {
  size_t index = blob_table_find(&printer->blobs, blob);
  if (index == SIZE_MAX)
    text_add(printer->text, "_");
  else
    text_format(printer->text, "#%zu", index);
}

/* The i-th element of a list, or the attribute itself where it is none. */
static void print_attribute_element(Printer *printer, const Attribute *attribute, size_t i) {
  Text *text = printer->text;
  switch (attribute->kind) {
  case ATTRIBUTE_INT:
    text_format(text, "%" PRId64, attribute->integer);
    break;
  case ATTRIBUTE_INTS:
    text_format(text, "%" PRId64, attribute->integers[i]);
    break;
  case ATTRIBUTE_FLOAT:
    text_add_f64(text, attribute->number);
    break;
  case ATTRIBUTE_FLOATS:
    text_add_f64(text, attribute->numbers[i]);
    break;
  case ATTRIBUTE_STRING:
    text_add_quoted(text, attribute->string);
    break;
  case ATTRIBUTE_STRINGS:
    text_add_quoted(text, attribute->strings[i]);
    break;
  case ATTRIBUTE_DIMS:
    dim_print(text, attribute->dims[i]);
    break;
  case ATTRIBUTE_TYPE:
    type_print(text, &attribute->type);
    break;
  case ATTRIBUTE_BLOB:
    print_blob_reference(printer, attribute->blob);
    if (attribute->type.element) {
      text_add(text, " ");
      type_print(text, &attribute->type);
    }
    break;
  case ATTRIBUTE_GRAPH:
  case ATTRIBUTE_NONE:
    text_add(text, "_");
    break;
  }
}

static bool is_list(AttributeKind kind) {
  return kind == ATTRIBUTE_INTS || kind == ATTRIBUTE_FLOATS || kind == ATTRIBUTE_STRINGS ||
         kind == ATTRIBUTE_DIMS;
}

/* The attributes that stand in the mnemonic: the blob of a constant, the monoid of a reduce. */
static const Attribute *leading_attribute(const Node *node) {
  const char *name = node->kind == PRIMITIVE_CONSTANT ? "value"
                     : node->kind == PRIMITIVE_REDUCE ? "monoid"
                                                      : NULL;
  const Attribute *attribute = name ? node_attribute(node, name) : NULL;
  AttributeKind kind = node->kind == PRIMITIVE_CONSTANT ? ATTRIBUTE_BLOB : ATTRIBUTE_STRING;
  return attribute && attribute->kind == kind ? attribute : NULL;
}

static void print_attributes(Printer *printer, const Node *node, const Attribute *leading) {
  Text *text = printer->text;
  bool any = false;
  for (uint32_t i = 0; i < node->attribute_count; i++) {
    const Attribute *attribute = &node->attributes[i];
    if (attribute == leading) continue;
    text_format(text, "%s%s=", any ? ", " : " <", attribute->name);
    any = true;
    if (!is_list(attribute->kind)) {
      print_attribute_element(printer, attribute, 0);
      continue;
    }
    text_add(text, "[");
    for (size_t k = 0; k < attribute->count; k++) {
      if (k) text_add(text, ", ");
      print_attribute_element(printer, attribute, k);
    }
    text_add(text, "]");
  }
  if (any) text_add(text, ">");
}

static void print_operands(Printer *printer, const Node *node, const char *const *names) {
  if (!node->operand_count && primitive_info(node->kind)->most_operands == 0) return;
  text_add(printer->text, "(");
  for (uint32_t i = 0; i < node->operand_count; i++) {
    if (i) text_add(printer->text, ", ");
    if (node->equation) equation_print_index(printer->text, node->equation, i, names);
    print_value(printer, node->operands[i]);
    if (node->equation && i < node->equation->operand_count)
      access_print(printer->text, &node->equation->operands[i], names);
  }
  text_add(printer->text, ")");
}

static void print_body(Printer *printer, const Region *region, uint32_t depth);

static void print_node(Printer *printer, const Node *node, uint32_t depth) {
  Text *text = printer->text;
  const char **names = NULL;
  if (node->equation) names = equation_label_names(printer->scratch, printer->module, node->equation);
  print_blanks(printer, depth);
  for (uint32_t i = 0; i < node->result_count; i++) {
    if (i) text_add(text, ", ");
    print_definition(printer, node->results[i]);
  }
  if (node->result_count) text_add(text, " = ");
  bool is_map = node->kind == PRIMITIVE_MAP && node->scalar < SCALAR_COUNT;
  text_add(text, is_map ? scalar_info(node->scalar)->name : primitive_info(node->kind)->name);
  const Attribute *leading = leading_attribute(node);
  if (leading) {
    text_add(text, " ");
    if (leading->kind == ATTRIBUTE_STRING)
      text_add(text, leading->string);
    else
      print_attribute_element(printer, leading, 0);
  }
  print_operands(printer, node, names);
  if (node->equation) {
    text_add(text, " -> ");
    access_print(text, &node->equation->result, names);
    equation_print_rest(text, node, names);
  }
  print_attributes(printer, node, leading);
  if (node->location.node) {
    text_add(text, " loc ");
    text_add_quoted(text, node->location.node);
  }
  for (uint32_t i = 0; i < node->region_count; i++) {
    text_add(text, " region ");
    for (uint32_t k = 0; k < node->regions[i]->argument_count; k++) {
      text_add(text, k ? ", " : "(");
      print_definition(printer, node->regions[i]->arguments[k]);
    }
    text_add(text, node->regions[i]->argument_count ? ") {\n" : "{\n");
    print_body(printer, node->regions[i], depth + 1);
    print_blanks(printer, depth);
    text_add(text, "}");
  }
  text_add(text, "\n");
}

static void print_body(Printer *printer, const Region *region, uint32_t depth) {
  const Node *previous = NULL;
  for (const Node *node = region->first; node && node->previous == previous;
       previous = node, node = node->next)
    print_node(printer, node, depth);
  print_blanks(printer, depth);
  text_add(printer->text, "return");
  for (uint32_t i = 0; i < region->result_count; i++) {
    text_add(printer->text, i ? ", " : " ");
    print_value(printer, region->results[i]);
  }
  text_add(printer->text, "\n");
}

static bool same_name(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void print_name(Text *text, const char *name) {
  if (name)
    text_add_quoted(text, name);
  else
    text_add(text, "_");
}

static void print_global(Text *text, const char *name) {
  static const char part[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  if (name[0] && strspn(name, part) == strlen(name))
    text_add(text, name);
  else
    text_add_quoted(text, name);
}

static void print_entry(Printer *printer, const Entry *entry) {
  Text *text = printer->text;
  const Region *body = entry->body;
  text_add(text, "  entry @");
  print_global(text, entry->name);
  text_add(text, "(");
  for (uint32_t i = 0; i < body->argument_count; i++) {
    if (i) text_add(text, ", ");
    print_definition(printer, body->arguments[i]);
    const char *name = entry->argument_names ? entry->argument_names[i] : NULL;
    if (same_name(name, body->arguments[i]->name)) continue;
    text_add(text, " as ");
    print_name(text, name);
  }
  text_add(text, ") -> (");
  for (uint32_t i = 0; i < body->result_count; i++) {
    if (i) text_add(text, ", ");
    print_name(text, entry->result_names ? entry->result_names[i] : NULL);
    text_add(text, ": ");
    if (body->results[i])
      type_print(text, &body->results[i]->type);
    else
      text_add(text, "_");
  }
  text_add(text, ") {\n");
  print_body(printer, body, 2);
  text_add(text, "  }\n");
}

static void print_symbols(Printer *printer) {
  for (size_t i = 0; i < dim_symbol_count(printer->module->dims); i++) {
    const Symbol *symbol = dim_symbol_at(printer->module->dims, i);
    text_add(printer->text, "  symbol ");
    dim_symbol_print(printer->text, symbol);
    text_format(printer->text, " in [%" PRId64 ", %" PRId64 "]\n", symbol->range.low, symbol->range.high);
  }
}

bool module_print_with_side_file(Text *text, const Module *module, FILE *side, const char *side_name) {
  Printer printer = {.text = text, .module = module, .scratch = arena_create()};
  bool ok = true;
  printer.numbers = values_number(module, &printer.number_count);
  blob_table_fill(&printer.blobs, module);
  text_add(text, "module ");
  text_add_quoted(text, module->name);
  text_add(text, " hash ");
  text_add_quoted(text, module->source_hash);
  text_add(text, " {\n");
  print_symbols(&printer);
  for (size_t i = 0; i < printer.blobs.count; i++) {
    text_format(text, "  blob #%zu : ", i);
    ok = blob_print(text, module, printer.blobs.blobs[i], side, side_name) && ok;
    text_add(text, "\n");
  }
  for (size_t i = 0; i < module->entry_count; i++) print_entry(&printer, module->entries[i]);
  text_add(text, "}\n");
  blob_table_free(&printer.blobs);
  free(printer.numbers);
  arena_destroy(printer.scratch);
  return ok;
}

void module_print(Text *text, const Module *module) {
  module_print_with_side_file(text, module, NULL, NULL);
}
