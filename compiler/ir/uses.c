/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/uses.h"

typedef struct Collector {
  const Region **home; /* by Value.id: the region it belongs to */
  uint32_t *latest;    /* and the position of its latest use, 0: none */
  uint32_t *ends;      /* and where its next use goes; while they are counted, how many there are */
  Use *uses;           /* null while they are counted */
} Collector;

/* A region that is being walked, and where. */
typedef struct Frame {
  const Region *region;
  Use here;
  const struct Frame *outer;
} Frame;

static void add_use(Collector *c, const Frame *frame, const Value *value) {
  if (!value) return;
  while (frame->region != c->home[value->id]) frame = frame->outer;
  if (c->latest[value->id] == frame->here.position) return;
  c->latest[value->id] = frame->here.position;
  uint32_t at = c->ends[value->id]++;
  if (c->uses) c->uses[at] = frame->here;
}

static void walk(Collector *c, const Region *region, const Frame *outer) {
  Frame frame = {.region = region, .outer = outer};
  for (uint32_t i = 0; i < region->argument_count; i++) c->home[region->arguments[i]->id] = region;
  for (Node *node = region->first; node; node = node->next) {
    frame.here = (Use){node, frame.here.position + 1};
    for (uint32_t i = 0; i < node->operand_count; i++) add_use(c, &frame, node->operands[i]);
    for (uint32_t i = 0; i < node->region_count; i++) walk(c, node->regions[i], &frame);
    for (uint32_t i = 0; i < node->result_count; i++) c->home[node->results[i]->id] = region;
  }
  frame.here = (Use){NULL, UINT32_MAX};
  for (uint32_t i = 0; i < region->result_count; i++) add_use(c, &frame, region->results[i]);
}

Uses uses_of(Arena *arena, const Module *module, const Region *body) {
  uint32_t count = module->value_count, total = 0;
  uint32_t *starts = arena_array(arena, uint32_t, count + 1);
  Collector c = {.home = arena_array(arena, const Region *, count),
                 .latest = arena_array(arena, uint32_t, count),
                 .ends = arena_array(arena, uint32_t, count)};
  walk(&c, body, NULL);
  for (uint32_t i = 0; i < count; i++) {
    starts[i] = total;
    total += c.ends[i];
    c.ends[i] = starts[i];
    c.latest[i] = 0;
  }
  starts[count] = total;
  c.uses = arena_array(arena, Use, total);
  walk(&c, body, NULL);
  return (Uses){starts, c.uses};
}
