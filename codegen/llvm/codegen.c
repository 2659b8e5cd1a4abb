/* SPDX-License-Identifier: Apache-2.0 */
/* Sets up the module, links the runtime's bitcode into it, emits, optimises, and writes the object to memory.
 */
#include "codegen/llvm/codegen.h"
#include "codegen/llvm/emit.h"
#include "codegen/llvm/object_check.h"
#include "codegen/llvm/runtime_bitcode.h"
#include <errno.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* LLVM's fatal error handler has no user pointer: this is what it names. */
static const Codegen *fatal_context;
static bool probing; /* a child process that only wants to know whether one kernel is at fault */

static const char *culprit(const Codegen *cg);

static void on_fatal_error(const char *reason) {
  if (probing) _exit(EXIT_INTERNAL);
  const char *name = fatal_context ? culprit(fatal_context) : NULL;
  if (name)
    fprintf(stderr, "aicc: internal error in kernel '%s': %s\n", name, reason);
  else
    fprintf(stderr, "aicc: internal error in code generation: %s\n", reason);
  exit(EXIT_INTERNAL);
}

/* Without a handler of ours LLVM would print errors of its back ends and exit. */
static void on_diagnostic(LLVMDiagnosticInfoRef info, void *user) {
  (void)user;
  if (LLVMGetDiagInfoSeverity(info) == LLVMDSError) on_fatal_error(LLVMGetDiagInfoDescription(info));
}

static bool fail(Codegen *cg, const char *what, char *message) {
  Arena *arena = cg->program->arena;
  report(cg->program->diagnostics, NULL, MESSAGE_CODEGEN,
         arena_format(arena, "%s%s%s", what, message ? ": " : "", message ? message : ""));
  if (message) LLVMDisposeMessage(message);
  return false;
}

static void initialise_llvm(void) {
  static bool done;
  if (done) return;
  done = true;
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeAArch64AsmParser();
  LLVMInstallFatalErrorHandler(on_fatal_error);
}

static bool create_machine(Codegen *cg) {
  LLVMTargetRef target;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(cg->options->triple, &target, &message)) return fail(cg, "target", message);
  LLVMCodeGenOptLevel level = cg->options->optimisation == 0 ? LLVMCodeGenLevelLess : LLVMCodeGenLevelDefault;
  cg->machine =
      LLVMCreateTargetMachine(target, cg->options->triple, "", "", level, LLVMRelocPIC, LLVMCodeModelSmall);
  if (!cg->machine) return fail(cg, "target machine", NULL);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(cg->machine);
  LLVMSetTarget(cg->module, cg->options->triple);
  LLVMSetModuleDataLayout(cg->module, layout);
  LLVMDisposeTargetData(layout);
  return true;
}

static void strip_attribute(LLVMValueRef function, const char *name) {
  LLVMRemoveStringAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, name,
                                   (unsigned)strlen(name));
}

/* The runtime's functions become local, and free of the target that clang compiled them for, so that they
   take on the level of the kernel that they are inlined into. */
static void adopt_runtime(Codegen *cg) {
  unsigned always = LLVMGetEnumAttributeKindForName("alwaysinline", 12),
           none = LLVMGetEnumAttributeKindForName("noinline", 8);
  for (LLVMValueRef function = LLVMGetFirstFunction(cg->module); function;
       function = LLVMGetNextFunction(function)) {
    size_t length;
    const char *name = LLVMGetValueName2(function, &length);
    if (LLVMIsDeclaration(function)) continue;
    LLVMSetLinkage(function, LLVMInternalLinkage);
    strip_attribute(function, "target-cpu");
    strip_attribute(function, "target-features");
    strip_attribute(function, "tune-cpu");
    strip_attribute(function, "min-legal-vector-width");
    if (strncmp(name, "aicc_math_", 10) != 0) continue;
    LLVMRemoveEnumAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, none);
    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(cg->context, always, 0));
  }
}

/* Memory functions that instruction selection may ask for must survive until then. */
static void keep_memory_functions(Codegen *cg) {
  static const char *const names[] = {"memcpy", "memmove", "memset"};
  LLVMValueRef items[3];
  for (int i = 0; i < 3; i++) items[i] = emit_runtime_function(cg, names[i]);
  LLVMValueRef list = LLVMConstArray2(cg->pointer, items, 3);
  LLVMValueRef used = LLVMAddGlobal(cg->module, LLVMTypeOf(list), "llvm.compiler.used");
  LLVMSetInitializer(used, list);
  LLVMSetLinkage(used, LLVMAppendingLinkage);
  LLVMSetSection(used, "llvm.metadata");
}

static bool link_runtime(Codegen *cg) {
  const RuntimeBitcode *bitcode = runtime_bitcode_find(cg->options->target->architecture);
  LLVMModuleRef runtime;
  if (!bitcode) return fail(cg, "no runtime bitcode for this architecture", NULL);
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(
      (const char *)bitcode->start, (size_t)(bitcode->end - bitcode->start), "runtime", false);
  if (LLVMParseBitcodeInContext2(cg->context, buffer, &runtime)) return fail(cg, "runtime bitcode", NULL);
  LLVMDisposeMemoryBuffer(buffer);
  LLVMSetTarget(runtime, cg->options->triple);
  if (LLVMLinkModules2(cg->module, runtime)) return fail(cg, "runtime bitcode does not link", NULL);
  adopt_runtime(cg);
  keep_memory_functions(cg);
  return true;
}

static void create_types(Codegen *cg) {
  cg->void_type = LLVMVoidTypeInContext(cg->context);
  cg->bool_type = LLVMInt1TypeInContext(cg->context);
  cg->i8 = LLVMInt8TypeInContext(cg->context);
  cg->i16 = LLVMInt16TypeInContext(cg->context);
  cg->i32 = LLVMInt32TypeInContext(cg->context);
  cg->i64 = LLVMInt64TypeInContext(cg->context);
  cg->f32 = LLVMFloatTypeInContext(cg->context);
  cg->f64 = LLVMDoubleTypeInContext(cg->context);
  cg->pointer = LLVMPointerTypeInContext(cg->context, 0);
}

/* Kernels are written as they should run: registers for what is in stack slots, and what the runtime's
   inlined functions and repeated address arithmetic leave to simplify. The usual pipelines take twice the
   time for nothing. */
#define CLEAN                                                                                                \
  "always-inline,globaldce,function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg"

static bool optimise(Codegen *cg) {
  static const char *const pipelines[] = {
      "always-inline,globaldce",
      CLEAN ")",
      CLEAN ",loop-mssa(licm),early-cse,instcombine<no-verify-fixpoint>,simplifycfg)",
      "always-inline,globaldce,default<O3>",
  };
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetLoopVectorization(options, false); /* kernels are vectors already */
  LLVMPassBuilderOptionsSetSLPVectorization(options, false);
  LLVMPassBuilderOptionsSetLoopUnrolling(options, cg->options->optimisation > 2);
  LLVMErrorRef error = LLVMRunPasses(cg->module, pipelines[cg->options->optimisation], cg->machine, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return true;
  char *message = LLVMGetErrorMessage(error);
  fail(cg, "optimisation", NULL);
  LLVMDisposeErrorMessage(message);
  return false;
}

static bool write_output(Codegen *cg, CodegenResult *result) {
  char *message = NULL;
  LLVMMemoryBufferRef buffer;
  if (cg->options->output == OUTPUT_LLVM_IR) {
    char *text = LLVMPrintModuleToString(cg->module);
    buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "text");
    LLVMDisposeMessage(text);
  } else {
    LLVMCodeGenFileType kind = cg->options->output == OUTPUT_ASSEMBLY ? LLVMAssemblyFile : LLVMObjectFile;
    if (LLVMTargetMachineEmitToMemoryBuffer(cg->machine, cg->module, kind, &message, &buffer))
      return fail(cg, "code generation", message);
  }
  *result = (CodegenResult){LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer), buffer};
  if (cg->options->output != OUTPUT_OBJECT) return true;
  const char *symbol = object_undefined_symbol(result->bytes, result->length);
  if (!symbol) return true;
  fail(cg, arena_format(cg->program->arena, "the object would need the symbol '%s'", symbol), NULL);
  codegen_result_free(result);
  return false;
}

static bool emit_module(Codegen *cg) {
  char *message = NULL;
  emit_weights(cg);
  LLVMValueRef run = emit_run(cg), workspace_bytes = emit_workspace_bytes(cg),
               output_dims = emit_output_dims(cg);
  emit_typed_interface(cg, run, workspace_bytes);
  emit_model(cg, run, workspace_bytes, output_dims);
  debug_finish(cg);
  if (LLVMVerifyModule(cg->module, LLVMReturnStatusAction, &message))
    return fail(cg, "generated code is invalid", message);
  LLVMDisposeMessage(message);
  return true;
}

static bool codegen_start(Codegen *cg) {
  cg->context = LLVMContextCreate();
  LLVMContextSetDiagnosticHandler(cg->context, on_diagnostic, NULL);
  cg->module = LLVMModuleCreateWithNameInContext(cg->names->name, cg->context);
  LLVMSetSourceFileName(cg->module, cg->names->name, strlen(cg->names->name));
  cg->builder = LLVMCreateBuilderInContext(cg->context);
  create_types(cg);
  return create_machine(cg) && link_runtime(cg);
}

static void codegen_finish(Codegen *cg) {
  LLVMDisposeBuilder(cg->builder);
  if (cg->machine) LLVMDisposeTargetMachine(cg->machine);
  LLVMDisposeModule(cg->module);
  LLVMContextDispose(cg->context);
}

/* Whether LLVM fails on one kernel alone: tried in a child process, since a fatal error cannot be resumed. */
static bool kernel_fails(const Codegen *of, const Kernel *kernel) {
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    probing = true;
    Codegen cg = {.program = of->program, .names = of->names, .options = of->options};
    CodegenResult result;
    if (codegen_start(&cg)) {
      debug_start(&cg);
      for (uint32_t i = 0; i < cg.options->target->level_count; i++)
        if (cg.options->level_mask >> i & 1)
          LLVMSetLinkage(emit_kernel(&cg, kernel, &cg.options->target->levels[i]), LLVMExternalLinkage);
      debug_finish(&cg);
      if (optimise(&cg)) write_output(&cg, &result);
    }
    _exit(0);
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* What a fatal error is about: the kernel being emitted, else the first that fails alone; null for none of
 * them. */
static const char *culprit(const Codegen *cg) {
  if (cg->current) return cg->current;
  for (size_t i = 0; i < cg->program->kernel_count; i++)
    if (kernel_fails(cg, cg->program->kernels[i])) return kernel_title(cg->program->kernels[i]);
  return NULL;
}

bool codegen_run(const Program *program, const InterfaceNames *names, const CodegenOptions *options,
                 CodegenResult *result) {
  Codegen cg = {.program = program, .names = names, .options = options};
  *result = (CodegenResult){0};
  if (dim_symbol_count(program->dims) > SYMBOL_LIMIT)
    return report(program->diagnostics, NULL, MESSAGE_CODEGEN, "more symbolic dims than SYMBOL_LIMIT");
  initialise_llvm();
  fatal_context = &cg;
  bool ok = codegen_start(&cg);
  if (ok) {
    debug_start(&cg);
    ok = emit_module(&cg) && (options->unoptimised_ir || optimise(&cg)) && write_output(&cg, result);
  }
  codegen_finish(&cg);
  fatal_context = NULL;
  return ok;
}

void codegen_result_free(CodegenResult *result) {
  if (result->memory) LLVMDisposeMemoryBuffer(result->memory);
  *result = (CodegenResult){0};
}

const char *codegen_llvm_version(void) {
  static char text[32];
  unsigned major, minor, patch;
  LLVMGetVersion(&major, &minor, &patch);
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, patch);
  return text;
}
