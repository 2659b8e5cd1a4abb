/* SPDX-License-Identifier: Apache-2.0 */
/* Loop programs to native code. The only folder that sees LLVM. */
#ifndef AICC_CODEGEN_CODEGEN_H
#define AICC_CODEGEN_CODEGEN_H
#include "codegen/llvm/target.h"
#include "loop/program.h"

enum { EXIT_INTERNAL = 70 }; /* sysexits' EX_SOFTWARE: an error of aicc itself */

enum { SYMBOL_LIMIT = 64 };    /* symbolic dims of a program */

typedef enum OutputKind { OUTPUT_OBJECT, OUTPUT_ASSEMBLY, OUTPUT_LLVM_IR } OutputKind;

/* Names of the object's interface, decided by whoever writes the header. */
typedef struct InterfaceNames {
  const char *name;             /* NAME: a C identifier */
  const char *run_symbol;       /* NAME_run_HASH */
  const char *workspace_symbol; /* NAME_workspace_bytes_HASH; null for static shapes */
  uint32_t symbol_count;        /* dims that the caller gives, in the order of the header's fields */
  const Symbol *const *symbols;
} InterfaceNames;

typedef struct CodegenOptions {
  const Target *target;
  const char *triple;
  uint32_t level_mask;   /* bit i: level i of the target */
  uint32_t optimisation; /* 0 to 3 */
  bool debug_info;
  bool unoptimised_ir; /* --emit-llvm before LLVM's passes: for looking at what aicc itself writes */
  OutputKind output;
  const char *compiler; /* "aicc VERSION" */
} CodegenOptions;

typedef struct CodegenResult {
  const char *bytes; /* in `memory`, freed by codegen_result_free */
  size_t length;
  void *memory; /* LLVM's buffer */
} CodegenResult;

/* Generates code for every entry's program. False after reporting. An LLVM fatal error ends the process with
   a message that names the kernel, exit code 70. */
bool codegen_run(const Program *program, const InterfaceNames *names, const CodegenOptions *options,
                 CodegenResult *result);
void codegen_result_free(CodegenResult *result);
/* "19.1.7" */
const char *codegen_llvm_version(void);
#endif
