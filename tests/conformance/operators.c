/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the operator table, one row per form: domain, name, first and last opset version (0: still current), the element
   types of the first input, the names of attributes of floats. Tests derive from it what must pass. */
#include "ops/operator.h"
#include <stdio.h>

static const char *element_name(OperatorElements elements) {
  switch (elements) {
  case ELEMENTS_EVERY:
  case ELEMENTS_ANY: return "any";
  case ELEMENTS_NUMERIC: return "numeric";
  case ELEMENTS_FLOAT: return "float";
  case ELEMENTS_INTEGER: return "integer";
  case ELEMENTS_SIGNED: return "signed";
  case ELEMENTS_BOOL: return "bool";
  case ELEMENTS_ARITHMETIC: return "arithmetic";
  case ELEMENTS_I64: return "i64";
  case ELEMENTS_INDEX: return "index";
  }
  return "";
}

int main(void) {
  const Operator *row;
  for (size_t i = 0; (row = operator_at(i)) != NULL; i++) {
    const char *separator = "\t";
    printf("%s\t%s\t%d\t%d\t%s", row->domain && *row->domain ? row->domain : "ai.onnx", row->name, row->since, row->until,
           row->inputs[0].name ? element_name(row->inputs[0].elements) : "");
    for (const OperatorAttribute *attribute = row->attributes; attribute->name; attribute++) {
      if (attribute->kind != ATTRIBUTE_FLOAT) continue;
      printf("%s%s", separator, attribute->name);
      separator = ",";
    }
    puts(*separator == '\t' ? "\t" : "");
  }
  return 0;
}
