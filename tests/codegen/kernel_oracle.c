/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every kernel of a model with the interpreter, at every CPU level of this machine. The kernels become one
   program in which each has arguments and results of its own, filled with random numbers, so that no kernel sees
   another's rounding; serially, by three workers in turn and by three at once. kernel_oracle MODEL.onnx PROGRAM.loop ...
   (symbolic dims are 3, iterations are the first). */
#include "aicc/abi.h"
#include "aicc/loader.h"
#include "aicc/pool.h"
#include "base/file.h"
#include "driver/pipeline.h"
#include "ir/number.h"
#include "passes/lower.h"
#include "onnx_import.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SYMBOL_VALUE = 3, WORKERS = 3, GUARD_BYTES = 4096 };

static uint64_t random_state;
static uint32_t random_bits(void) { /* Knuth's multiplier, high half */
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 32);
}

/* How far a kernel may be from the interpreter: its sums run in another order. Integers: not at all. */
static double tolerance(ElementType element) {
  switch (element) {
  case ELEMENT_F64: return 1e-11;
  case ELEMENT_F32: return 2e-5;
  case ELEMENT_F16: return 2e-3;
  case ELEMENT_BF16: return 1.6e-2;
  default: return 0;
  }
}

static void fill_random(ElementType element, uint8_t *bytes, int64_t count) {
  size_t size = element_info(element)->bits / 8;
  for (int64_t i = 0; i < count; i++) {
    double value = (double)random_bits() / 4294967296.0;
    if (element == ELEMENT_BOOL)
      value = value > 0.5;
    else if (element_is_float(element))
      value = 4 * value - 2;
    else
      value = floor(value * (element_info(element)->class == CLASS_UINT ? 100 : 200)) -
              (element_info(element)->class == CLASS_UINT ? 0 : 100);
    number_store(element, value, bytes + (size_t)i * size);
  }
}

/* A kernel's buffers as the interpreter and the object see them. */
typedef struct Tensors {
  void *input[64], *expected[64], *computed[64];
  int64_t count[64];
} Tensors;

static int64_t buffer_elements(DimContext *dims, const KernelBuffer *buffer, const int64_t *symbols) {
  int64_t count;
  return dim_evaluate(kernel_buffer_count(dims, buffer), symbols, &count) ? count : -1;
}

/* The program of separate kernels: step k's parameters are arguments and results in order. */
static Program *separate(const Program *program, Module *module, Entry *entry) {
  Program *result = arena_new(program->arena, Program);
  *result = *program;
  result->buffers = NULL;
  result->steps = NULL;
  result->buffer_count = result->buffer_capacity = result->step_count = result->step_capacity = 0;
  Region *body = region_create(module, NULL);
  Value *results[4096];
  uint32_t result_count = 0;
  for (uint32_t k = 0; k < program->kernel_count; k++) {
    const Kernel *kernel = program->kernels[k];
    uint32_t bound[64], count = kernel_parameter_count(kernel);
    for (uint32_t i = 0; i < count; i++) {
      const KernelBuffer *buffer = &kernel->buffers[i];
      Dim stored = kernel_buffer_count(program->dims, buffer);
      Type type = type_tensor(program->arena, buffer->element, 1, &stored);
      Region *home = region_create(module, NULL);
      bool out = buffer->role == BUFFER_OUT;
      Value *value = region_add_argument(module, out ? home : body, type, "t");
      ProgramBuffer made = {.storage = out ? STORAGE_RESULT : STORAGE_ARGUMENT,
                            .index = out ? result_count : body->argument_count - 1,
                            .type = type,
                            .byte_count = dim_constant(program->dims, 0)};
      if (out) results[result_count++] = value;
      bound[i] = (uint32_t)result->buffer_count;
      arena_push(program->arena, result->buffers, result->buffer_count, result->buffer_capacity) = made;
    }
    Step step = {.kind = STEP_KERNEL, .kernel = k, .buffer_count = count, .location = kernel->location};
    step.buffers = arena_copy(program->arena, bound, count * sizeof *bound);
    arena_push(program->arena, result->steps, result->step_count, result->step_capacity) = step;
  }
  region_set_results(module, body, results, result_count);
  const char **names = arena_array(program->arena, const char *, body->argument_count + result_count + 1);
  for (uint32_t i = 0; i < body->argument_count + result_count; i++) names[i] = "t";
  *entry = (Entry){"run", body, names, names};
  result->entry = entry;
  plan_memory(result); /* scratch only */
  return result;
}

static aicc_library *build(const Program *program, char *path) {
  const Symbol *symbols[64];
  InterfaceNames names = {.name = "oracle", .run_symbol = "oracle_run_00000000", .symbols = symbols};
  for (; names.symbol_count < dim_symbol_count(program->dims); names.symbol_count++)
    symbols[names.symbol_count] = dim_symbol_at(program->dims, names.symbol_count);
  const Target *target = target_find(NULL);
  CodegenOptions options = {.target = target, .triple = target->triple, .level_mask = 7, .optimisation = 2, .compiler = "test"};
  CodegenResult object;
  char message[512];
  aicc_library *library = NULL;
  if (!codegen_run(program, &names, &options, &object)) return NULL;
  if (file_write(path, object.bytes, object.length))
    library = aicc_library_open(path, NULL, "cc", message, sizeof message);
  if (!library) fprintf(stderr, "%s\n", message);
  codegen_result_free(&object);
  return library;
}

/* Relative to the greater of 1 and the value: random sums cancel. */
static bool close_enough(ElementType element, double got, double want) {
  if (isnan(got) || isnan(want)) return isnan(got) && isnan(want);
  if (got == want) return true;
  return fabs(got - want) <= tolerance(element) * fmax(8, fabs(want));
}

static int compare(const Kernel *kernel, const Tensors *t, const char *model, uint32_t level) {
  for (uint32_t i = 0; i < kernel_parameter_count(kernel); i++) {
    ElementType element = kernel->buffers[i].element;
    size_t size = element_info(element)->bits / 8;
    if (kernel->buffers[i].role != BUFFER_OUT) continue;
    for (int64_t k = 0; k < t->count[i]; k++) {
      double got = 0, want = 0;
      const uint8_t *a = (const uint8_t *)t->computed[i] + (size_t)k * size, *b = (const uint8_t *)t->expected[i] + (size_t)k * size;
      number_load(element, a, &got);
      number_load(element, b, &want);
      if (memcmp(a, b, size) == 0 || (tolerance(element) > 0 && close_enough(element, got, want))) continue;
      printf("FAILED %s: kernel %s (%s) at level %u: element %lld is %.9g, the interpreter says %.9g\n", model, kernel->name,
             kernel->location.node ? kernel->location.node : "", level, (long long)k, got, want);
      return 1;
    }
  }
  return 0;
}

/* Memory whose last byte is the last before a page that nobody may touch; its size a multiple of 64. */
static size_t guarded_length(size_t bytes) { return (bytes + GUARD_BYTES - 1) / GUARD_BYTES * GUARD_BYTES + GUARD_BYTES; }

static uint8_t *guarded_create(size_t bytes) {
  size_t length = guarded_length(bytes);
  uint8_t *begin = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED || mprotect(begin + length - GUARD_BYTES, GUARD_BYTES, PROT_NONE)) abort();
  return begin + length - GUARD_BYTES - bytes;
}

static void guarded_destroy(uint8_t *memory, size_t bytes) {
  size_t length = guarded_length(bytes);
  munmap(memory + bytes + GUARD_BYTES - length, length);
}

/* An aicc_parallel_for whose workers take turns, so that each has some of the tasks. */
static void take_turns(void *user, size_t count, uint32_t workers, aicc_task task, void *arg) {
  (void)user;
  for (size_t i = count; i-- > 0;) task(arg, i, (uint32_t)(i % workers));
}

static int run_levels(const Program *program, const Program *split, const char *path, const char *model) {
  int failures = 0;
  int64_t symbols[64];
  for (size_t i = 0; i < 64 && i < dim_symbol_count(program->dims); i++)
    symbols[i] = dim_symbol_at(program->dims, i)->limit ? 0 : SYMBOL_VALUE;
  Tensors *tensors = calloc(program->kernel_count, sizeof *tensors);
  const void **inputs = calloc(4096, sizeof *inputs);
  void **outputs = calloc(4096, sizeof *outputs);
  size_t input_count = 0, output_count = 0;
  for (size_t k = 0; k < program->kernel_count; k++) {
    const Kernel *kernel = program->kernels[k];
    void *interpreted[64];
    for (uint32_t i = 0; i < kernel_parameter_count(kernel); i++) {
      const KernelBuffer *buffer = &kernel->buffers[i];
      int64_t count = tensors[k].count[i] = buffer_elements(program->dims, buffer, symbols);
      size_t bytes = ((size_t)count * element_info(buffer->element)->bits / 8 + 127) / 64 * 64;
      void *memory = aligned_alloc(64, bytes), *second = aligned_alloc(64, bytes);
      memset(memory, 0, bytes);
      memset(second, 0, bytes);
      fill_random(buffer->element, memory, count);
      memcpy(second, memory, bytes);
      if (buffer->role == BUFFER_OUT) {
        tensors[k].computed[i] = outputs[output_count++] = second;
        tensors[k].expected[i] = memory;
      } else {
        inputs[input_count++] = second;
      }
      interpreted[i] = memory;
    }
    if (!interpret_kernel(program, kernel, interpreted, symbols)) failures++;
  }
  char object[4200];
  snprintf(object, sizeof object, "%s/oracle.o", path);
  aicc_library *library = build(split, object);
  const aicc_model *table = library ? aicc_library_model(library) : NULL;
  size_t scratch_bytes = 0;
  aicc_pool *pool = aicc_pool_create(WORKERS);
  if (!pool || !table || table->entries[0].workspace_bytes(symbols, WORKERS, &scratch_bytes) != AICC_OK) failures++;
  uint8_t *scratch = guarded_create(scratch_bytes);
  const aicc_parallel_for ways[3] = {NULL, take_turns, aicc_pool_parallel_for};
  for (uint32_t run = 2 * 3; table && run < 5 * 3; run++) {
    uint32_t level = run / 3;
    aicc_options options = {.struct_size = sizeof options, .cpu_level = level, .parallel_for = ways[run % 3], .parallel_user = pool, .worker_count = WORKERS};
    memset(scratch, 0xff, scratch_bytes); /* NaN: nothing is there before it is written */
    aicc_status status = table->entries[0].run(inputs, outputs, symbols, NULL, scratch, scratch_bytes, &options);
    if (status == AICC_E_CPU) {
      printf("SKIPPED: this CPU has no level %u\n", level);
      continue;
    }
    if (status != AICC_OK) {
      printf("FAILED %s: status %d at level %u\n", model, (int)status, level);
      failures++;
    }
    for (size_t k = 0; k < program->kernel_count; k++) failures += compare(program->kernels[k], &tensors[k], model, level);
  }
  aicc_pool_destroy(pool);
  guarded_destroy(scratch, scratch_bytes);
  if (library) aicc_library_close(library);
  unlink(object);
  return failures;
}

static void complain(void *user, const char *text) {
  (void)user;
  fputs(text, stderr);
}

static void ignore(void *user, const char *text) {
  (void)user;
  (void)text;
}

static bool has_suffix(const char *text, const char *suffix) {
  size_t length = strlen(text), end = strlen(suffix);
  return length >= end && strcmp(text + length - end, suffix) == 0;
}

static int compare_program(Program *program, Module *module, const char *model, const char *path) {
  Entry entry;
  Program *split = separate(program, module, &entry);
  random_state = 1;
  int failures = run_levels(program, split, path, model);
  if (failures == 0) printf("ok %s: %zu kernels\n", model, program->kernel_count);
  return failures;
}

/* The text of a loop program. */
static int check_program(const char *name, const char *path) {
  Diagnostics *diagnostics = diagnostics_create(complain, NULL);
  MappedFile file;
  Program *program = NULL;
  if (file_map(name, &file)) {
    program = program_parse(diagnostics, name, (const char *)file.bytes, file.length);
    file_unmap(&file);
  }
  int failures = program && program_verify(program, NULL) ? compare_program(program, (Module *)(uintptr_t)program->module, name, path) : 1;
  if (program) program_destroy(program);
  diagnostics_destroy(diagnostics);
  return failures;
}

/* -1 where aicc does not compile the model: that is the conformance tests' business. */
static int check_model(const char *model, const char *path) {
  if (has_suffix(model, ".loop")) return check_program(model, path);
  Options options = {.optimisation = 2};
  Diagnostics *diagnostics = diagnostics_create(ignore, NULL);
  Module *module = onnx_import(diagnostics, model, NULL);
  Pipeline pipeline = {.options = &options, .module = module, .verify = true};
  int failures = -1;
  if (module && pipeline_run(&pipeline)) failures = compare_program(pipeline.program, module, model, path);
  module_destroy(module);
  diagnostics_destroy(diagnostics);
  return failures;
}

int main(int argc, char **argv) {
  char path[] = "/tmp/aicc-oracle-XXXXXX";
  int failures = 0, checked = 0;
  if (!mkdtemp(path)) return 2;
  for (int i = 1; i < argc; i++) {
    int result = check_model(argv[i], path);
    checked += result >= 0;
    failures += result > 0;
  }
  rmdir(path);
  printf("%d models checked, %d failed\n", checked, failures);
  return failures != 0;
}
