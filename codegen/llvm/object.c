/* SPDX-License-Identifier: Apache-2.0 */
/* How constants get into the object: nothing else knows. Each is one read-only global of its own, aligned to
   64 bytes, without relocations. */
#include "codegen/llvm/emit.h"
#include <stdio.h>
#include <stdlib.h>

static LLVMValueRef emit_blob(Codegen *cg, const Blob *blob, size_t index) {
  char name[96];
  size_t length = blob->byte_count ? (size_t)blob->byte_count : 1;
  char *bytes = heap_resize(NULL, length);
  bytes[0] = 0;
  blob_read(blob, bytes);
  LLVMValueRef data = LLVMConstStringInContext2(cg->context, bytes, length, true);
  free(bytes);
  snprintf(name, sizeof name, "%s_w%zu", cg->names->name, index);
  LLVMValueRef global = LLVMAddGlobal(cg->module, LLVMTypeOf(data), name);
  LLVMSetInitializer(global, data);
  LLVMSetGlobalConstant(global, true);
  LLVMSetLinkage(global, LLVMInternalLinkage);
  LLVMSetSection(global, ".rodata.aicc_weights");
  LLVMSetAlignment(global, WORKSPACE_ALIGNMENT);
  return global;
}

void emit_weights(Codegen *cg) {
  const Program *program = cg->program;
  cg->weights = arena_array(program->arena, LLVMValueRef, program->buffer_count + 1);
  for (size_t i = 0; i < program->buffer_count; i++)
    if (program->buffers[i].storage == STORAGE_CONSTANT)
      cg->weights[i] = emit_blob(cg, program->buffers[i].blob, i);
}
