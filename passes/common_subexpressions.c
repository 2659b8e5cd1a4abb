/* SPDX-License-Identifier: Apache-2.0 */
/* Forward over a region with a table of the nodes seen: hash first, then a full comparison. A nested region
   sees what stands before it; what it adds is gone behind it. */
#include "base/hash.h"
#include "passes/passes.h"
#include <string.h>

typedef struct Seen {
  uint64_t hash;
  Node *node;
} Seen;

typedef struct Table {
  Seen *slots;
  size_t mask;
  size_t *added; /* the slots in use, in the order in which they were filled */
  size_t count;
} Table;

static uint64_t mix(uint64_t hash, uint64_t value) {
  return hash_bytes(&value, sizeof value, hash);
}

static bool mix_dim(void *user, Dim dim) {
  uint64_t *hash = user;
  *hash = mix(*hash, dim->hash);
  return true;
}

static uint64_t node_hash(const Node *node) {
  uint64_t hash = mix((uint64_t)node->kind, (uint64_t)node->scalar);
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Value *operand = value_current(node->operands[i]);
    hash = mix(hash, operand ? operand->id : UINT64_MAX);
  }
  for (uint32_t i = 0; i < node->attribute_count; i++) hash = mix(hash, (uint64_t)node->attributes[i].integer);
  node_visit_dims(node, mix_dim, &hash);
  const Attribute *value = node->kind == PRIMITIVE_CONSTANT ? node_attribute(node, "value") : NULL;
  return value ? mix(hash, blob_hash(value->blob)) : hash;
}

static bool blobs_equal(const Blob *a, const Blob *b) {
  if (a == b) return true;
  if (a->element != b->element || a->element_count != b->element_count || a->splat != b->splat) return false;
  if (a->element == ELEMENT_STRING || a->decode || b->decode) return false;
  uint64_t bytes = a->splat ? (element_info(a->element)->bits + 7) / 8 : a->byte_count;
  return bytes == 0 || memcmp(a->bytes, b->bytes, bytes) == 0;
}

static bool attributes_equal(const Node *a, const Node *b) {
  if (a->attribute_count != b->attribute_count) return false;
  for (uint32_t i = 0; i < a->attribute_count; i++) {
    const Attribute *x = &a->attributes[i], *y = node_attribute(b, x->name);
    if (!y || x->kind != y->kind || x->integer != y->integer || x->count != y->count) return false;
    if (x->kind == ATTRIBUTE_BLOB && !blobs_equal(x->blob, y->blob)) return false;
    if (x->kind == ATTRIBUTE_STRING && strcmp(x->string, y->string) != 0) return false;
    if (x->kind == ATTRIBUTE_DIMS && memcmp(x->dims, y->dims, x->count * sizeof *x->dims) != 0) return false;
  }
  return true;
}

static bool nodes_equal(const Node *a, const Node *b) {
  if (a->kind != b->kind || a->scalar != b->scalar || a->operand_count != b->operand_count ||
      a->region_count || b->region_count || a->result_count != b->result_count)
    return false;
  for (uint32_t i = 0; i < a->operand_count; i++)
    if (value_current(a->operands[i]) != value_current(b->operands[i])) return false;
  for (uint32_t i = 0; i < a->result_count; i++)
    if (!type_equal(&a->results[i]->type, &b->results[i]->type)) return false;
  return equation_equal(a->equation, b->equation) && attributes_equal(a, b);
}

static void visit(Table *table, Region *region, Node *node) {
  uint64_t hash = node_hash(node);
  size_t at = hash & table->mask;
  for (; table->slots[at].node; at = (at + 1) & table->mask) {
    Node *earlier = table->slots[at].node;
    if (table->slots[at].hash != hash || !nodes_equal(earlier, node)) continue;
    for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->replacement = earlier->results[i];
    if (!node->result_count) region_remove(region, node); /* a check that was made before */
    return;
  }
  table->slots[at] = (Seen){hash, node};
  table->added[table->count++] = at;
}

/* The last slot that was filled can be emptied again: nothing was placed behind it. */
static void forget(Table *table, size_t count) {
  while (table->count > count) table->slots[table->added[--table->count]] = (Seen){0};
}

static void visit_region(Table *table, Region *region) {
  size_t outer = table->count;
  for (Node *node = region->first, *next; node; node = next) {
    next = node->next;
    for (uint32_t i = 0; i < node->region_count; i++) visit_region(table, node->regions[i]);
    if (!node->region_count) visit(table, region, node);
  }
  forget(table, outer);
}

static size_t count_nodes(const Region *region) {
  size_t count = 0;
  for (const Node *node = region->first; node; node = node->next) {
    count++;
    for (uint32_t i = 0; i < node->region_count; i++) count += count_nodes(node->regions[i]);
  }
  return count;
}

bool pass_common_subexpressions(Module *module) {
  Arena *scratch = arena_create();
  for (size_t i = 0; i < module->entry_count; i++) {
    Region *body = module->entries[i]->body;
    size_t count = count_nodes(body), capacity = 16;
    while (capacity < count * 2) capacity *= 2;
    Table table = {.slots = arena_array(scratch, Seen, capacity), .mask = capacity - 1};
    table.added = arena_array(scratch, size_t, count);
    visit_region(&table, body);
    region_apply_replacements(body);
  }
  arena_destroy(scratch);
  return pass_dead_code(module);
}
