/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of the small tables; operators have a file of their own. */
#include "reference.h"
#include "base/diagnostics.h"
#include "codegen/llvm/target.h"
#include "ir/graph.h"
#include "ir/scalar.h"
#include "ir/type.h"
#include <string.h>

void reference_cell(FILE *out, const char *text) {
  for (const char *at = text; *at; at++) fprintf(out, *at == '|' ? "\\|" : "%c", *at);
}

static void write_primitives(FILE *out) {
  fputs("# Primitives of the tensor graph\n\nFrom `compiler/ir/primitive.def`. The scalar functions are primitives "
        "too: `map` stands for each of them\nunder its own name.\n\n"
        "| primitive | operands | regions | subscripts | attributes | what it is |\n|---|---|---|---|---|---|\n",
        out);
  for (int kind = 0; kind < PRIMITIVE_COUNT; kind++) {
    const PrimitiveInfo *info = primitive_info((PrimitiveKind)kind);
    fprintf(out, "| `%s` | %d", info->name, info->least_operands);
    if (info->most_operands < 0)
      fputs(" or more", out);
    else if (info->most_operands != info->least_operands)
      fprintf(out, " to %d", info->most_operands);
    fprintf(out, " | %u | %s | %s | ", info->region_count, info->has_equation ? "yes" : "no", info->attributes);
    reference_cell(out, info->doc);
    fputs(" |\n", out);
  }
}

static const char *operands_text(ScalarOperands operands) {
  switch (operands) {
  case OPERANDS_NUMERIC: return "integers, floats";
  case OPERANDS_INTEGER: return "integers";
  case OPERANDS_FLOAT: return "floats";
  case OPERANDS_BITS: return "bool, integers";
  case OPERANDS_COMPARABLE: return "bool, integers, floats";
  }
  return "";
}

static const char *result_text(ScalarResult result) {
  switch (result) {
  case RESULT_SAME: return "as the operands";
  case RESULT_BOOL: return "bool";
  case RESULT_GIVEN: return "stated";
  }
  return "";
}

static void write_scalars(FILE *out) {
  fputs("# Scalar functions\n\nFrom `compiler/ir/scalar.def`. Cost is in relative cycles per element. Functions "
        "marked as math are computed\nby `runtime/kernels/math`, the others by an instruction sequence. What "
        "happens at the edges: docs/numerics.md.\n\n"
        "| function | operands | element types | result | cost | math |\n|---|---|---|---|---|---|\n",
        out);
  for (int i = 0; i < SCALAR_COUNT; i++) {
    const ScalarInfo *info = scalar_info((Scalar)i);
    fprintf(out, "| `%s` | %u | %s | %s | %u | %s |\n", info->name, info->arity, operands_text(info->operands),
            result_text(info->result), info->cost, info->math ? "yes" : "no");
  }
}

static const char *class_text(ElementClass class) {
  switch (class) {
  case CLASS_NONE: return "none";
  case CLASS_BOOL: return "bool";
  case CLASS_INT: return "signed integer";
  case CLASS_UINT: return "unsigned integer";
  case CLASS_FLOAT: return "float";
  case CLASS_COMPLEX: return "complex";
  case CLASS_STRING: return "string";
  }
  return "";
}

static void write_element_types(FILE *out) {
  fputs("# Element types\n\nFrom `compiler/ir/element.def`. The number is ONNX's `TensorProto.DataType` and the "
        "`dtype` of `aicc_value`.\nArithmetic is done in the compute type; other types are converted when loaded "
        "and stored. The C type is that of\ngenerated headers.\n\n"
        "| type | ONNX | number | bits | class | computed as | C |\n|---|---|---|---|---|---|---|\n",
        out);
  for (int i = ELEMENT_UNDEFINED + 1; i < ELEMENT_COUNT; i++) {
    const ElementInfo *info = element_info((ElementType)i);
    fprintf(out, "| `%s` | %s | %d | %u | %s | `%s` | `%s` |\n", info->name, info->onnx_name, i, info->bits,
            class_text(info->class), element_info(info->compute)->name, info->c_type);
  }
}

static void write_messages(FILE *out) {
  static const struct {
    const char *code, *format;
  } rows[] = {
#define MESSAGE(constant, code, format) {code, format},
#include "base/messages.def"
#undef MESSAGE
  };
  fputs("# Messages\n\nFrom `compiler/base/messages.def`. Every message about an input ends in its code in "
        "brackets; the code is stable,\nthe words are not.\n\n| code | words |\n|---|---|\n",
        out);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fprintf(out, "| `%s` | ", rows[i].code);
    reference_cell(out, rows[i].format);
    fputs(" |\n", out);
  }
}

static void write_targets(FILE *out) {
  fputs("# Targets\n\nFrom `codegen/llvm/target.c`. An object holds every level of its architecture unless `--cpu` "
        "says less.\n\n| architecture | triple | level | short | number in `aicc_options` | vector bits |\n"
        "|---|---|---|---|---|---|\n",
        out);
  for (uint32_t i = 0; target_at(i); i++) {
    const Target *target = target_at(i);
    for (uint32_t k = 0; k < target->level_count; k++) {
      const TargetLevel *level = &target->levels[k];
      fprintf(out, "| %s | `%s` | `%s` | `%s` | %u | %u |\n", target->architecture, target->triple, level->name,
              level->alias, level->abi_level, level->vector_bits);
    }
  }
}

/* The order of the pipeline: graph passes, lowering, program passes. */
static void write_passes(FILE *out) {
  static const struct {
    const char *name, *works_on, *doc;
  } rows[] = {
#define GRAPH_PASS(function, name, doc) {name, "tensor graph", doc},
#define PROGRAM_PASS(function, name, doc)
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
#define GRAPH_PASS(function, name, doc)
#define PROGRAM_PASS(function, name, doc) {name, "loop program", doc},
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
  };
  fputs("# Passes\n\nFrom `passes/passes.def`, in the order of the pipeline. `--print-after` and `--stop-after` take "
        "these names, and\n`import` (the model as read) and `lower` (from the tensor graph to the loop program).\n\n"
        "| pass | works on | what it does |\n|---|---|---|\n",
        out);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fprintf(out, "| `%s` | %s | ", rows[i].name, rows[i].works_on);
    reference_cell(out, rows[i].doc);
    fputs(" |\n", out);
  }
}

static const ReferencePage pages[] = {
    {"operators", reference_operators}, {"primitives", write_primitives}, {"scalars", write_scalars},
    {"element-types", write_element_types}, {"messages", write_messages}, {"targets", write_targets},
    {"passes", write_passes},
};

const ReferencePage *reference_page_at(size_t index) {
  return index < sizeof pages / sizeof *pages ? &pages[index] : NULL;
}

bool reference_write(const char *page, FILE *out) {
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (strcmp(pages[i].name, page) == 0) {
      pages[i].write(out);
      return true;
    }
  return false;
}
