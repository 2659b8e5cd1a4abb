/* SPDX-License-Identifier: Apache-2.0 */
/* Moves between channels and blocks of places: DepthToSpace and SpaceToDepth. */
#include "ops/families.h"
#include <string.h>

static bool read_block(const OperatorCall *call, int64_t *size) {
  *size = call_int(call, "blocksize");
  if (*size < 1 || *size > INT16_MAX) return call_invalid(call, "blocksize is %lld, which is not positive", (long long)*size);
  return call->inputs[0]->type.rank == 4 || call_invalid(call, "the input must have 4 axes");
}

static bool expand_depth_to_space(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0];
  static const uint32_t depth_first[] = {0, 3, 4, 1, 5, 2}, columns_first[] = {0, 1, 4, 2, 5, 3};
  const Attribute *mode = call_attribute(call, "mode");
  bool depth = !mode || strcmp(mode->string, "DCR") == 0;
  int64_t size;
  if (!depth && strcmp(mode->string, "CRD") != 0) return call_invalid(call, "mode '%s' is not defined", mode->string);
  if (!read_block(call, &size)) return false;
  if (!build_require_multiple(builder, x->type.dims[1], size * size, "the channels are no multiple of the blocks' places")) return false;
  Dim block = dim_constant(context, size), left = dim_floor_divide(context, x->type.dims[1], dim_constant(context, size * size));
  Dim apart[6] = {x->type.dims[0], depth ? block : left, block, depth ? left : block, x->type.dims[2], x->type.dims[3]};
  Dim joined[4] = {x->type.dims[0], left, dim_multiply(context, x->type.dims[2], block), dim_multiply(context, x->type.dims[3], block)};
  Value *parts = build_reshape(builder, x, 6, apart);
  results[0] = build_reshape(builder, build_transpose(builder, parts, depth ? depth_first : columns_first), 4, joined);
  return results[0] != NULL;
}

static bool expand_space_to_depth(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0];
  static const uint32_t order[] = {0, 3, 5, 1, 2, 4};
  int64_t size;
  if (!read_block(call, &size)) return false;
  for (uint32_t i = 2; i < 4; i++)
    if (!build_require_multiple(builder, x->type.dims[i], size, "a spatial axis is no multiple of the block")) return false;
  Dim block = dim_constant(context, size), rows = dim_floor_divide(context, x->type.dims[2], block);
  Dim columns = dim_floor_divide(context, x->type.dims[3], block);
  Dim apart[6] = {x->type.dims[0], x->type.dims[1], rows, block, columns, block};
  Dim joined[4] = {x->type.dims[0], dim_multiply(context, x->type.dims[1], dim_constant(context, size * size)), rows, columns};
  results[0] = build_reshape(builder, build_transpose(builder, build_reshape(builder, x, 6, apart), order), 4, joined);
  return results[0] != NULL;
}

#define BLOCKSIZE REQUIRED_ATTRIBUTE("blocksize", INT)
#define DEPTH_DOC "Channels become blocks of places."

const Operator block_operators[] = {
    {.name = "DepthToSpace", .since = 1, .until = 10, .inputs = {INPUT("input", ANY)}, .attributes = {BLOCKSIZE},
     .expand = expand_depth_to_space, .doc = DEPTH_DOC},
    {.name = "DepthToSpace", .since = 11, .inputs = {INPUT("input", ANY)}, .attributes = {BLOCKSIZE, STRING_ATTRIBUTE("mode", "DCR")},
     .expand = expand_depth_to_space, .doc = DEPTH_DOC},
    {.name = "SpaceToDepth", .since = 1, .inputs = {INPUT("input", ANY)}, .attributes = {BLOCKSIZE}, .expand = expand_space_to_depth,
     .doc = "Blocks of places become channels."},
    {0}};
