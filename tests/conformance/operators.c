/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the operator table, one row per form: domain, name, first and last opset version (0: still current).
   The conformance tests derive from it what must pass. */
#include "ops/operator.h"
#include <stdio.h>

int main(void) {
  const Operator *row;
  for (size_t i = 0; (row = operator_at(i)) != NULL; i++)
    printf("%s\t%s\t%d\t%d\n", row->domain && *row->domain ? row->domain : "ai.onnx", row->name, row->since,
           row->until);
  return 0;
}
