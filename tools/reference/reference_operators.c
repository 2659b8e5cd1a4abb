/* SPDX-License-Identifier: Apache-2.0 */
/* The page of operators: a section per operator, in it a part per form (range of opset versions). */
#include "base/text.h"
#include "ops/operator.h"
#include "reference.h"
#include <string.h>

enum {
  INPUT_LIMIT = sizeof((Operator *)0)->inputs / sizeof(OperatorInput),
  ATTRIBUTE_LIMIT = sizeof((Operator *)0)->attributes / sizeof(OperatorAttribute)
};

static const char *domain_of(const Operator *row) { return row->domain && *row->domain ? row->domain : "ai.onnx"; }

static bool same_operator(const Operator *a, const Operator *b) {
  return strcmp(a->name, b->name) == 0 && strcmp(domain_of(a), domain_of(b)) == 0;
}

static const char *elements_text(OperatorElements elements) {
  switch (elements) {
  case ELEMENTS_EVERY: return "any type";
  case ELEMENTS_ANY: return "any type of a byte or more";
  case ELEMENTS_NUMERIC: return "integers, floats";
  case ELEMENTS_FLOAT: return "floats";
  case ELEMENTS_INTEGER: return "integers";
  case ELEMENTS_SIGNED: return "signed integers, floats";
  case ELEMENTS_BOOL: return "bool";
  case ELEMENTS_ARITHMETIC: return "bool, integers, floats";
  case ELEMENTS_I64: return "int64";
  case ELEMENTS_INDEX: return "int64, int32";
  }
  return "";
}

static const char *kind_text(AttributeKind kind) {
  static const char *const names[] = {"nothing", "int",  "float",  "string", "ints", "floats",
                                      "strings", "dims", "tensor", "type",   "graph"};
  return (size_t)kind < sizeof names / sizeof *names ? names[kind] : "";
}

static void write_inputs(FILE *out, const Operator *row) {
  for (uint32_t i = 0; i < INPUT_LIMIT && row->inputs[i].name; i++) {
    const OperatorInput *input = &row->inputs[i];
    bool repeats = row->variadic && (i + 1 == INPUT_LIMIT || !row->inputs[i + 1].name);
    fprintf(out, "- input `%s`%s%s: %s", input->name, input->optional ? ", optional" : "",
            repeats ? ", one or more" : "", elements_text(input->elements));
    if (input->type_variable) fprintf(out, " (%c)", input->type_variable);
    fputs("\n", out);
  }
}

static void write_default(FILE *out, const OperatorAttribute *attribute) {
  Text text = {0};
  bool has_default = !attribute->required && !attribute->no_default;
  if (attribute->required)
    text_add(&text, ", required");
  else if (has_default && attribute->kind == ATTRIBUTE_INT)
    text_format(&text, ", default %lld", (long long)attribute->integer);
  else if (has_default && attribute->kind == ATTRIBUTE_FLOAT) {
    text_add(&text, ", default ");
    text_add_f64(&text, attribute->number);
  } else if (has_default && attribute->kind == ATTRIBUTE_STRING && attribute->string)
    text_format(&text, ", default `%s`", attribute->string);
  else
    text_add(&text, ", may be absent");
  fputs(text_string(&text), out);
  text_free(&text);
}

static void write_attributes(FILE *out, const Operator *row) {
  for (uint32_t i = 0; i < ATTRIBUTE_LIMIT && row->attributes[i].name; i++) {
    const OperatorAttribute *attribute = &row->attributes[i];
    fprintf(out, "- attribute `%s`: %s", attribute->name, kind_text(attribute->kind));
    write_default(out, attribute);
    fputs("\n", out);
  }
}

static void write_form(FILE *out, const Operator *row) {
  if (row->until)
    fprintf(out, "\nOpset %d to %d. %s\n\n", row->since, row->until, row->doc);
  else
    fprintf(out, "\nSince opset %d. %s\n\n", row->since, row->doc);
  write_inputs(out, row);
  write_attributes(out, row);
  if (row->output_count > 1) fprintf(out, "- outputs: at most %d\n", row->output_count);
  if (row->text) fprintf(out, "- expands to `%s`\n", row->text);
}

void reference_operators(FILE *out) {
  fputs("# Operators\n\nFrom the tables of `compiler/ops`. Inputs that share a letter in brackets have the same "
        "element type.\n",
        out);
  for (size_t i = 0; operator_at(i); i++) {
    const Operator *row = operator_at(i);
    bool seen = false;
    for (size_t k = 0; k < i && !seen; k++) seen = same_operator(operator_at(k), row);
    if (seen) continue;
    fprintf(out, "\n## %s\n\nDomain %s.\n", row->name, domain_of(row));
    for (size_t k = i; operator_at(k); k++)
      if (same_operator(operator_at(k), row)) write_form(out, operator_at(k));
  }
}
