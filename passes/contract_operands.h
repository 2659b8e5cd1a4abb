/* SPDX-License-Identifier: Apache-2.0 */
/* How the operands of a contraction are read, for the passes that lay out, place and pack them. */
#ifndef AICC_PASSES_CONTRACT_OPERANDS_H
#define AICC_PASSES_CONTRACT_OPERANDS_H
#include "ir/graph.h"

/* What a label of a contraction, or of a reduction, which has a first operand only, is to it. */
typedef enum LabelClass {
  LABEL_BATCH,        /* stands in both operands and the result */
  LABEL_OF_FIRST,     /* in the first operand and the result: results that lie apart along it share what the second gives */
  LABEL_OF_SECOND,
  LABEL_SUM,          /* in both operands, not in the result */
  LABEL_SUM_OF_FIRST, /* in the first operand alone */
  LABEL_SUM_OF_SECOND
} LabelClass;

LabelClass contract_label_class(const Node *node, uint32_t label);
/* Whether the label is summed over, whatever operands have it. */
bool contract_sums_label(const Node *node, uint32_t label);
/* Whether that operand alone makes the results along the label. */
bool contract_label_is_of(const Node *node, uint32_t operand, uint32_t label);

/* True where two labels meet in one subscript: sliding windows read elements many times. */
bool access_slides(const Access *access);

/* The last axis of an access in which a label stands; -1 where it stands in none. */
int32_t access_axis_of_label(const Access *access, uint32_t label);

/* The labels that a reduction or contraction sums over, in the order of the loops: as they stand in the
   operand that is not constant. Returns their count; `labels` has room for all of the equation's. */
uint32_t contract_reduced_labels(const Node *node, uint32_t *labels);

/* Whether the contraction is better computed along the sum, one result after the other, than along the columns which
   the operand makes: there are so few of them that most lanes would be idle, and the other operand lies along the sum. */
bool contract_has_few_columns(const Node *contract, uint32_t operand);

/* Whether the operand alone makes results that are adjacent in memory, and lies adjacent along them. */
bool contract_makes_columns(const Node *contract, uint32_t operand);

/* Whether both operands lie adjacent along one label that is summed over: results are dot products. */
bool contract_is_dot(const Node *contract);

/* Whether the contraction multiplies rows of the operand, which lie adjacent along the one label that it sums over, with
   columns that the other operand makes; every axis of the result is a label of its own. */
bool contract_sums_rows(const Node *contract, uint32_t operand, uint32_t *summed);

/* The operand's axis along which it makes results that are adjacent in memory: where it is last, vectors are
   loaded as they lie. -1 where it makes none, or for so few rows of the other operand that it is read hardly
   more often than a transposing copy would read it. */
int32_t contract_column_axis(DimContext *dims, const Node *contract, uint32_t operand);
#endif
