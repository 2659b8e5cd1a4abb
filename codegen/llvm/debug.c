/* SPDX-License-Identifier: Apache-2.0 */
/* Debug info: every kernel is a subprogram named after its node, so that debuggers and profilers show
   "Conv_23". The file is NAME, never a path. */
#include "codegen/llvm/emit.h"
#include <string.h>

void debug_start(Codegen *cg) {
  if (!cg->options->debug_info) return;
  const char *name = cg->names->name, *producer = cg->options->compiler;
  cg->debug = LLVMCreateDIBuilder(cg->module);
  cg->debug_file = LLVMDIBuilderCreateFile(cg->debug, name, strlen(name), "", 0);
  cg->debug_unit = LLVMDIBuilderCreateCompileUnit(cg->debug, LLVMDWARFSourceLanguageC99, cg->debug_file,
                                                  producer, strlen(producer), true, "", 0, 0, "", 0,
                                                  LLVMDWARFEmissionFull, 0, false, false, "", 0, "", 0);
  cg->debug_signature = LLVMDIBuilderCreateSubroutineType(cg->debug, cg->debug_file, NULL, 0, LLVMDIFlagZero);
  LLVMValueRef three = emit_i32(cg, 3);
  LLVMAddModuleFlag(cg->module, LLVMModuleFlagBehaviorWarning, "Debug Info Version", 18,
                    LLVMValueAsMetadata(three));
}

void debug_function(Codegen *cg, LLVMValueRef function, const char *name, uint32_t line) {
  size_t length;
  if (!cg->debug) {
    LLVMSetCurrentDebugLocation2(cg->builder, NULL);
    return;
  }
  const char *linkage = LLVMGetValueName2(function, &length);
  LLVMMetadataRef subprogram = LLVMDIBuilderCreateFunction(
      cg->debug, cg->debug_file, name, strlen(name), linkage, length, cg->debug_file, line,
      cg->debug_signature, true, true, line, LLVMDIFlagZero, true);
  LLVMSetSubprogram(function, subprogram);
  LLVMMetadataRef location = LLVMDIBuilderCreateDebugLocation(cg->context, line, 0, subprogram, NULL);
  LLVMSetCurrentDebugLocation2(cg->builder, location);
}

void debug_finish(Codegen *cg) {
  if (!cg->debug) return;
  LLVMDIBuilderFinalize(cg->debug);
  LLVMDisposeDIBuilder(cg->debug);
  cg->debug = NULL;
}
