/* SPDX-License-Identifier: Apache-2.0 */
/* The tables behind NAME_model(): aicc_model, aicc_entry, aicc_value of the binary interface. */
#include "codegen/llvm/emit.h"
#include <stdio.h>
#include <string.h>

static LLVMValueRef emit_global(Codegen *cg, LLVMValueRef initializer, const char *name) {
  LLVMValueRef global = LLVMAddGlobal(cg->module, LLVMTypeOf(initializer), name);
  LLVMSetInitializer(global, initializer);
  LLVMSetGlobalConstant(global, true);
  LLVMSetLinkage(global, LLVMInternalLinkage);
  return global;
}

static LLVMValueRef emit_text(Codegen *cg, const char *text) {
  LLVMValueRef global =
      emit_global(cg, LLVMConstStringInContext2(cg->context, text, strlen(text), false), "text");
  LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
  return global;
}

/* The dims of aicc_value. */
static int64_t dim_code(Codegen *cg, Dim dim) {
  const Symbol *symbol;
  int64_t value;
  if (dim_is_constant(dim, &value)) return value;
  if (dim_is_symbol(dim, &symbol))
    for (uint32_t k = 0; k < cg->names->symbol_count; k++)
      if (cg->names->symbols[k] == symbol) return -1 - (int64_t)k;
  return INT64_MIN + 1;
}

static LLVMValueRef emit_value(Codegen *cg, const Type *type, const char *name) {
  LLVMValueRef dims[RANK_LIMIT], null = LLVMConstNull(cg->pointer);
  for (uint32_t i = 0; i < type->rank; i++) dims[i] = emit_i64(cg, dim_code(cg, type->dims[i]));
  LLVMValueRef array =
      type->rank ? emit_global(cg, LLVMConstArray2(cg->i64, dims, type->rank), "dims") : null;
  LLVMValueRef fields[5] = {emit_text(cg, name), emit_i32(cg, (uint32_t)type->kind),
                            emit_i32(cg, (uint32_t)type->element), emit_i32(cg, type->rank), array};
  return LLVMConstStructInContext(cg->context, fields, 5, false);
}

/* An array of aicc_value, or null without any. */
static LLVMValueRef emit_values(Codegen *cg, Value *const *values, const char *const *names, uint32_t count) {
  if (!count) return LLVMConstNull(cg->pointer);
  LLVMValueRef *items = arena_array(cg->program->arena, LLVMValueRef, count);
  for (uint32_t i = 0; i < count; i++) items[i] = emit_value(cg, &values[i]->type, names[i]);
  return emit_global(cg, LLVMConstArray2(LLVMTypeOf(items[0]), items, count), "values");
}

static LLVMValueRef emit_symbols(Codegen *cg) {
  if (!cg->names->symbol_count) return LLVMConstNull(cg->pointer);
  LLVMValueRef *items = arena_array(cg->program->arena, LLVMValueRef, cg->names->symbol_count);
  for (uint32_t k = 0; k < cg->names->symbol_count; k++)
    items[k] = emit_text(cg, cg->names->symbols[k]->name);
  return emit_global(cg, LLVMConstArray2(cg->pointer, items, cg->names->symbol_count), "symbols");
}

void emit_model(Codegen *cg, LLVMValueRef run, LLVMValueRef workspace_bytes, LLVMValueRef output_dims) {
  const Entry *entry = cg->program->entry;
  const Region *body = entry->body;
  LLVMValueRef fields[11] = {emit_text(cg, entry->name),
                             emit_i32(cg, body->argument_count),
                             emit_i32(cg, body->result_count),
                             emit_i32(cg, cg->names->symbol_count),
                             emit_values(cg, body->arguments, entry->argument_names, body->argument_count),
                             emit_values(cg, body->results, entry->result_names, body->result_count),
                             emit_symbols(cg),
                             emit_i64(cg, WORKSPACE_ALIGNMENT),
                             workspace_bytes,
                             output_dims,
                             run};
  LLVMValueRef entries = emit_global(cg, LLVMConstStructInContext(cg->context, fields, 11, false), "entry");
  LLVMValueRef model[7] = {emit_i32(cg, 1),
                           emit_i32(cg, 1),
                           entries,
                           emit_text(cg, cg->names->name),
                           emit_text(cg, cg->options->triple),
                           emit_text(cg, cg->options->compiler),
                           emit_text(cg, cg->program->module->source_hash)};
  LLVMValueRef table = emit_global(cg, LLVMConstStructInContext(cg->context, model, 7, false), "model");
  char name[300];
  snprintf(name, sizeof name, "%s_model", cg->names->name);
  LLVMValueRef function = LLVMAddFunction(cg->module, name, LLVMFunctionType(cg->pointer, NULL, 0, false));
  emit_function_attributes(cg, function, NULL);
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  LLVMBuildRet(cg->builder, table);
}
