/* SPDX-License-Identifier: Apache-2.0 */
/* How constants get into the object: nothing else knows. Each is one read-only global of its own, aligned to
   64 bytes, without relocations but for the addresses of strings. */
#include "base/text.h"
#include "codegen/llvm/emit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors {address, length} of strings, whose bytes lie one after the other beside the weights. */
static LLVMValueRef emit_strings(Codegen *cg, const Blob *blob, size_t index) {
  char name[96];
  Text text = {0};
  size_t count = (size_t)blob->element_count;
  LLVMTypeRef fields[2] = {cg->pointer, cg->i64}, row = LLVMStructTypeInContext(cg->context, fields, 2, false);
  LLVMValueRef *rows = arena_array(cg->program->arena, LLVMValueRef, count + 1);
  for (size_t i = 0; i < count; i++) text_add(&text, blob->strings[i]);
  LLVMValueRef data = LLVMConstStringInContext2(cg->context, text_string(&text), text.length, true);
  text_free(&text);
  snprintf(name, sizeof name, "%s_s%zu", cg->names->name, index);
  LLVMValueRef bytes = LLVMAddGlobal(cg->module, LLVMTypeOf(data), name), at = emit_i64(cg, 0);
  LLVMSetInitializer(bytes, data);
  LLVMSetGlobalConstant(bytes, true);
  LLVMSetLinkage(bytes, LLVMInternalLinkage);
  for (size_t i = 0; i < count; i++) {
    LLVMValueRef parts[2] = {LLVMConstInBoundsGEP2(cg->i8, bytes, &at, 1), emit_i64(cg, (int64_t)strlen(blob->strings[i]))};
    rows[i] = LLVMConstStructInContext(cg->context, parts, 2, false);
    at = emit_i64(cg, (int64_t)(LLVMConstIntGetZExtValue(at) + strlen(blob->strings[i])));
  }
  LLVMValueRef list = LLVMConstArray2(row, rows, count);
  snprintf(name, sizeof name, "%s_w%zu", cg->names->name, index);
  LLVMValueRef global = LLVMAddGlobal(cg->module, LLVMTypeOf(list), name);
  LLVMSetInitializer(global, list);
  LLVMSetGlobalConstant(global, true);
  LLVMSetLinkage(global, LLVMInternalLinkage);
  LLVMSetAlignment(global, WORKSPACE_ALIGNMENT);
  return global;
}

static LLVMValueRef emit_blob(Codegen *cg, const Blob *blob, size_t index) {
  char name[96];
  size_t length = blob->byte_count ? (size_t)blob->byte_count : 1;
  if (blob->strings) return emit_strings(cg, blob, index);
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
