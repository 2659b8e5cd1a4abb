/* SPDX-License-Identifier: Apache-2.0 */
/* All nodes that depend on constants only, in whatever region, are lowered together to one program without
   arguments, which the interpreter runs; what the rest of the graph reads of them becomes constants. */
#include "ir/build.h"
#include "loop/cost.h"
#include "passes/lower.h"
#include "passes/passes.h"

enum { FOLDABLE = 1 };

typedef struct Folder {
  Module *module;
  Region *copy; /* of the copied nodes */
  Node **nodes; /* of the entry, also nested, in order */
  size_t node_count, node_capacity;
  bool *needed;   /* by Value.id: a reader that is not folded, or a region's results, use the value */
  Value **copies; /* by Value.id of the original */
  uint32_t value_count;
} Folder;

static bool byte_count(const Type *type, uint64_t *bytes) {
  int64_t count;
  return type->kind == VALUE_TENSOR && type_static_count(type, &count) &&
         element_byte_count(type->element, count, bytes);
}

/* A view that repeats elements is cheaper as an index map than as memory: it folds only into what reads it.
 */
static bool grows(const Node *node) {
  uint64_t from, to;
  return node->kind == PRIMITIVE_VIEW && byte_count(&node->operands[0]->type, &from) &&
         byte_count(&node->results[0]->type, &to) && to > from;
}

/* The bytes from which a foldable or constant value is made; what a view repeats counts once, and only for
   maps: others might go over it for long. */
static bool source_bytes(const Node *reader, const Value *value, uint64_t *bytes) {
  const Blob *blob = value_constant(value);
  uint64_t repeated;
  if (!byte_count(&value->type, bytes)) return false;
  if (blob) {
    if (blob->splat) *bytes = 0;
    return true;
  }
  if (!grows(value->producer)) return true;
  repeated = *bytes;
  return byte_count(&value->producer->operands[0]->type, bytes) &&
         (reader->kind == PRIMITIVE_MAP || repeated <= COST_FOLD_BYTES || repeated <= 2 * *bytes);
}

/* Small results fold whatever their inputs, larger ones only up to twice the inputs. */
static bool is_foldable(const Node *node) {
  uint64_t inputs = 0, bytes, output;
  if (node->result_count != 1 || node->region_count || node->kind == PRIMITIVE_CONSTANT) return false;
  if (!byte_count(&node->results[0]->type, &output)) return false;
  if (!element_is_computed(node->results[0]->type.element)) return false;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Value *operand = node->operands[i];
    if (!value_constant(operand) && operand->mark != FOLDABLE) return false;
    if (!source_bytes(node, operand, &bytes)) return false;
    inputs += bytes;
  }
  if (node->kind == PRIMITIVE_DIMS) return false; /* symbols; known ones are simplified already */
  return output <= COST_FOLD_BYTES || output <= 2 * inputs || grows(node);
}

static Value *copy_of(Folder *folder, Value *value) {
  if (folder->copies[value->id]) return folder->copies[value->id];
  Builder builder = {.module = folder->module, .region = folder->copy, .location = value->producer->location};
  return folder->copies[value->id] = build_blob(&builder, value_constant(value), value->type);
}

static void copy_node(Folder *folder, const Node *node) {
  Value **operands = arena_array(folder->module->arena, Value *, node->operand_count);
  for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = copy_of(folder, node->operands[i]);
  Node *copy = node_copy(folder->module, node, operands);
  region_append(folder->copy, copy);
  folder->copies[node->results[0]->id] = node_add_result(folder->module, copy, node->results[0]->type, NULL);
}

/* Lists the nodes and clears the marks of their results and regions' arguments; notes what regions give. */
static void collect(Folder *folder, Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++) region->arguments[i]->mark = 0;
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->mark = 0;
    arena_push(folder->module->arena, folder->nodes, folder->node_count, folder->node_capacity) = node;
    for (uint32_t i = 0; i < node->region_count; i++) collect(folder, node->regions[i]);
  }
  for (uint32_t i = 0; i < region->result_count; i++) folder->needed[region->results[i]->id] = true;
}

static void find_frontier(Folder *folder) {
  for (size_t k = 0; k < folder->node_count; k++) {
    const Node *node = folder->nodes[k];
    if (node->result_count == 1 && node->results[0]->mark == FOLDABLE && !grows(node)) continue;
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (node->operands[i] && node->operands[i]->id < folder->value_count)
        folder->needed[node->operands[i]->id] = true;
  }
}

static bool run_copy(Folder *folder, void **results, int32_t *status) {
  Entry entry = {.name = "fold", .body = folder->copy};
  Lowering *lowering = lower_group(folder->module, &entry);
  Program *program = lowering ? lower_emit(lowering) : NULL;
  if (program) coalesce_kernels(program); /* longer strips to interpret */
  return program && interpret_program(program, NULL, results, NULL, status);
}

static bool fold_entry(Module *module, Region *body) {
  Folder folder = {.module = module, .copy = region_create(module, NULL), .value_count = module->value_count};
  folder.copies = arena_array(module->arena, Value *, folder.value_count);
  folder.needed = arena_array(module->arena, bool, folder.value_count);
  collect(&folder, body);
  uint32_t count = 0, capacity = 0;
  for (size_t k = 0; k < folder.node_count; k++) {
    Node *node = folder.nodes[k];
    if (!is_foldable(node)) continue;
    node->results[0]->mark = FOLDABLE;
    copy_node(&folder, node);
    capacity++;
  }
  if (!capacity) return true;
  find_frontier(&folder);
  Value **frontier = arena_array(module->arena, Value *, capacity),
        **copies = arena_array(module->arena, Value *, capacity);
  void **results = arena_array(module->arena, void *, capacity);
  for (size_t k = 0; k < folder.node_count; k++) {
    const Node *node = folder.nodes[k];
    if (node->result_count != 1 || node->results[0]->mark != FOLDABLE) continue;
    if (!folder.needed[node->results[0]->id] || grows(node)) continue;
    uint64_t bytes = 0;
    byte_count(&node->results[0]->type, &bytes);
    frontier[count] = node->results[0];
    copies[count] = folder.copies[node->results[0]->id];
    results[count++] = arena_allocate(module->arena, bytes);
  }
  region_set_results(module, folder.copy, copies, count);
  if (!count) return true;
  int32_t status = 0;
  if (!run_copy(&folder, results, &status)) return false;
  if (status) return true; /* a constant index out of range: the run says so */
  for (uint32_t i = 0; i < count; i++) {
    int64_t elements = 0;
    Node *node = frontier[i]->producer;
    Builder builder = {
        .module = module, .region = node->parent, .position = node, .location = node->location};
    type_static_count(&frontier[i]->type, &elements);
    const Blob *blob = blob_dense(module->arena, frontier[i]->type.element, elements, results[i]);
    frontier[i]->replacement = build_blob(&builder, blob, frontier[i]->type);
  }
  region_apply_replacements(body);
  return true;
}

bool pass_fold_constants(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++)
    if (!fold_entry(module, module->entries[i]->body)) return false;
  return simplify_constants(module);
}
