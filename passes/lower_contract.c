/* SPDX-License-Identifier: Apache-2.0 */
/* Constant operands of contractions are stored in the order in which a kernel reads them: by labels instead
   of axes, the labels summed over in the order of the loops, and last the label along which results are made
   side by side, in blocks of them. The copy is made when the object is written. */
#include "ir/build.h"
#include "passes/contract_operands.h"
#include "passes/contract_plan.h"
#include "passes/lower_internal.h"

/* A label of one point is always 0 and takes no place. */
static bool is_stored(const Equation *equation, const Access *own, uint32_t label) {
  return access_uses_label(own, label) && !dim_equals_constant(equation->labels[label].extent, 1);
}

/* The labels of the operand in the order of storage: those shared with the other operand and the result,
   those summed over, and last the one that is last in the result, or before those summed over where it is
   short. */
static uint32_t storage_order(const Node *node, uint32_t operand, uint32_t *labels) {
  const Equation *equation = node->equation;
  const Access *own = &equation->operands[operand];
  uint32_t reduced[LABEL_LIMIT], reduced_count = contract_reduced_labels(node, reduced), count = 0,
                                       last = UINT32_MAX;
  for (uint32_t label = 0; label < equation->label_count; label++)
    if (is_stored(equation, own, label) && access_uses_label(&equation->result, label) &&
        (last == UINT32_MAX ||
         access_axis_of_label(&equation->result, label) >= access_axis_of_label(&equation->result, last)))
      last = label;
  for (uint32_t label = 0; label < equation->label_count; label++)
    if (label != last && is_stored(equation, own, label) && access_uses_label(&equation->result, label))
      labels[count++] = label;
  bool along_sum = contract_has_few_columns(node, operand);
  if (last != UINT32_MAX && along_sum) labels[count++] = last;
  for (uint32_t i = 0; i < reduced_count; i++)
    if (is_stored(equation, own, reduced[i])) labels[count++] = reduced[i];
  if (last != UINT32_MAX && !along_sum) labels[count++] = last;
  return count;
}

/* Strides of the labels in the source; false where a dim is not static or a label leaves the source. */
static bool packing_create(const Node *node, uint32_t operand, const uint32_t *labels, uint32_t count,
                           BlobPacking *packing) {
  const Equation *equation = node->equation;
  const Access *own = &equation->operands[operand];
  const Type *type = &node->operands[operand]->type;
  int64_t stride = 1, dim, offset, coefficient;
  *packing = (BlobPacking){.source = value_constant(node->operands[operand]), .rank = count};
  for (uint32_t i = 0; i < count; i++)
    if (!dim_is_constant(equation->labels[labels[i]].extent, &packing->extents[i]) || packing->extents[i] < 1)
      return false;
  for (uint32_t axis = own->rank; axis-- > 0;) {
    const Subscript *subscript = &own->subscripts[axis];
    if (!dim_is_constant(type->dims[axis], &dim) || !dim_is_constant(subscript->offset, &offset))
      return false;
    int64_t least = offset, most = offset;
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      if (!dim_is_constant(subscript->terms[j].coefficient, &coefficient)) return false;
      for (uint32_t i = 0; i < count; i++) {
        if (labels[i] != subscript->terms[j].label) continue;
        packing->strides[i] += coefficient * stride;
        *(coefficient < 0 ? &least : &most) += coefficient * (packing->extents[i] - 1);
      }
    }
    if (least < 0 || most >= dim) return false;
    packing->offset += offset * stride;
    stride *= dim;
  }
  return true;
}

/* Blocks of columns pay where results that are adjacent in memory come from one operand alone; a label that both
   operands share, as in depthwise convolutions, is contiguous without them. */
static bool wants_blocks(const Node *node, uint32_t operand, uint32_t last) {
  const Access *result = &node->equation->result;
  return access_axis_of_label(result, last) + 1 == (int32_t)result->rank && contract_label_is_of(node, operand, last);
}

static uint32_t packed_buffer(Lowering *lowering, const Node *node, uint32_t operand,
                              const BlobPacking *packing, const Type *stored) {
  const Value *value = node->operands[operand];
  for (size_t i = 0; i < lowering->packed_count; i++) {
    const PackedConstant *packed = &lowering->packed[i];
    if (packed->value == value && packed->operand == operand &&
        equation_equal(packed->equation, node->equation))
      return packed->buffer;
  }
  const Blob *blob = blob_packed(lowering->program->arena, packing);
  uint32_t buffer = program_add_buffer(lowering, STORAGE_CONSTANT, 0, blob, stored);
  PackedConstant made = {value, node->equation, operand, buffer};
  arena_push(lowering->arena, lowering->packed, lowering->packed_count, lowering->packed_capacity) = made;
  return buffer;
}

const Expr *contract_packed_load(KernelBuilder *builder, const Node *node, uint32_t operand,
                                 const Subscript *of_label) {
  const Value *value = node->operands[operand];
  Lowering *lowering = builder->lowering;
  DimContext *context = lowering->module->dims;
  uint32_t labels[LABEL_LIMIT];
  BlobPacking packing;
  if (node->kind != PRIMITIVE_CONTRACT || !value_constant(value) ||
      value_constant(node->operands[1 - operand]))
    return NULL;
  if (element_info(value->type.element)->bits < 8 || value->type.rank >= RANK_LIMIT) return NULL;
  uint32_t count = storage_order(node, operand, labels);
  if (!count || count >= RANK_LIMIT || !packing_create(node, operand, labels, count, &packing)) return NULL;
  if (wants_blocks(node, operand, labels[count - 1])) packing.order = storage_blocks(lowering->arena, count, CONTRACT_COLUMN_BLOCK);
  uint32_t part_count = storage_part_count(packing.order, count);
  if (part_count > RANK_LIMIT) return NULL;
  Dim dims[RANK_LIMIT], stored_dims[RANK_LIMIT];
  Subscript at[RANK_LIMIT];
  for (uint32_t i = 0; i < count; i++) {
    dims[i] = node->equation->labels[labels[i]].extent;
    at[i] = of_label[labels[i]];
  }
  for (uint32_t k = 0; k < part_count; k++) stored_dims[k] = storage_part_extent(context, storage_part(packing.order, k), dims);
  Type type = type_tensor(lowering->arena, value->type.element, count, dims);
  Type stored = type_tensor(lowering->arena, value->type.element, part_count, stored_dims);
  uint32_t buffer = packed_buffer(lowering, node, operand, &packing, &stored);
  uint32_t parameter = kernel_parameter(builder, buffer, BUFFER_IN, &type);
  builder->buffers[parameter].order = packing.order;
  return expr_load(builder, parameter, at);
}
