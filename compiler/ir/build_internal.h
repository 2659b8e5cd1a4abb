/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the build_*.c files only. */
#ifndef AICC_IR_BUILD_INTERNAL_H
#define AICC_IR_BUILD_INTERNAL_H
#include "ir/build.h"

/* Reports at the builder's location; false. */
bool build_error(Builder *builder, Message message, const char *text);
/* A node placed at the builder's position. */
Node *build_node(Builder *builder, PrimitiveKind kind, Value *const *operands, uint32_t count);
/* Adds the node's result; a dim that is invalid or always negative is reported, the node removed, null given. */
Value *build_result(Builder *builder, Node *node, Type type);
void build_attributes(Builder *builder, Node *node, const Attribute *attributes, uint32_t count);
/* Fills value->tracked from its producer. */
void value_track_new(Module *module, Value *value);
/* What is known of a region's arguments: a loop's body runs only where its condition is true. */
void node_track_arguments(Module *module, const Node *node);
#endif
