/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose attributes are graphs: branches and loops. */
#include "aicc/abi.h"
#include "ops/families.h"
#include <string.h>

/* Finishes the node and hands on as many of its results as the call has outputs: trailing ones may be left off. */
static bool finish(OperatorCall *call, Node *node, bool ok, uint32_t lead, Value **results) {
  uint32_t found = node->regions[0]->result_count, count = call->output_count;
  if (ok && found >= lead && found - lead > count) count = found - lead;
  Value **all = arena_array(call->builder->module->arena, Value *, count);
  if (!build_control_finish(call->builder, node, ok, all, count)) return false;
  memcpy(results, all, call->output_count * sizeof *all);
  return true;
}

static bool expand_if(OperatorCall *call, Value **results) {
  Value *condition = build_reshape(call->builder, call->inputs[0], 0, NULL);
  Node *node = build_if(call->builder, condition);
  if (!node) return false;
  bool ok = call_subgraph(call, "then_branch", node->regions[0]);
  ok = call_subgraph(call, "else_branch", node->regions[1]) && ok;
  return finish(call, node, ok, 0, results);
}

/* The dim that the model declares for the number of parts of a scan output; null where it says nothing. */
static Dim declared_parts(const OperatorCall *call, uint32_t carried) {
  for (uint32_t i = carried; i < call->output_count; i++) {
    const Type *type = &call->declared[i];
    if (type->element != ELEMENT_UNDEFINED && type->rank && dim_is_valid(type->dims[0])) return type->dims[0];
  }
  return NULL;
}

/* Where the number of iterations is known at run time only and nothing in the body ends the loop, the declared
   number stands in for the trip count and the condition, which are checked at run time. */
static bool take_declared_trip(const OperatorCall *call, Node *node, uint32_t carried) {
  Module *module = call->builder->module;
  const Dim *goes_on = node->regions[0]->results[0]->tracked;
  Value *trip = node->operands[0], *condition = node->operands[1];
  Dim parts = declared_parts(call, carried);
  bool is_known = node_trip(module, node) && node_runs_whole_trip(node);
  if (is_known || !parts || !trip || !goes_on || !dim_equals_constant(goes_on[0], 1)) return true;
  Builder before = {.module = module, .region = node->parent, .position = node, .location = node->location};
  Value *declared = build_reshape(&before, build_dims(&before, &parts, 1), 0, NULL);
  Value *zero = build_integer(&before, ELEMENT_I64, 0), *count = build_binary(&before, SCALAR_MAX, trip, zero);
  if (condition) count = build_select(&before, condition, count, zero);
  Value *valid = build_binary(&before, SCALAR_EQ, count, declared);
  node->operands[0] = declared;
  node->operands[1] = NULL;
  return valid && build_require(&before, valid, AICC_E_VALUE);
}

static bool expand_loop(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *limits[2] = {NULL, NULL};
  for (uint32_t i = 0; i < 2 && i < call->input_count; i++)
    if (call->inputs[i] && !(limits[i] = build_reshape(builder, call->inputs[i], 0, NULL))) return false;
  uint32_t carried = call->input_count > 2 ? call->input_count - 2 : 0;
  for (uint32_t i = 0; i < carried; i++)
    if (!call->inputs[2 + i]) return call_invalid(call, "carried value %u is absent", i);
  Node *node = build_loop(builder, limits[0], limits[1], call->inputs + 2, carried);
  if (!node) return false;
  Region *body = node->regions[0];
  bool ok = call_subgraph(call, "body", body);
  if (ok && !body->result_count) ok = call_invalid(call, "the body gives no condition");
  if (ok) {
    Builder inner = {.module = builder->module, .region = body, .location = builder->location};
    body->results[0] = build_reshape(&inner, body->results[0], 0, NULL);
    ok = body->results[0] && take_declared_trip(call, node, carried);
  }
  return finish(call, node, ok, 1, results);
}

/* The i-th number of a list attribute of `count` numbers, 0 where it is absent; checks that length. */
static bool list_at(const OperatorCall *call, const char *name, uint32_t count, uint32_t i, int64_t *value) {
  const Attribute *attribute = call_attribute(call, name);
  *value = 0;
  if (!attribute) return true;
  if (attribute->count != count)
    return call_invalid(call, "attribute '%s' has %zu numbers, %u are needed", name, attribute->count, count);
  *value = attribute->integers[i];
  return true;
}

static bool direction_at(const OperatorCall *call, const char *name, uint32_t count, uint32_t i, bool *reverse) {
  int64_t value;
  if (!list_at(call, name, count, i, &value)) return false;
  *reverse = value == 1;
  return value == 0 || value == 1 || call_invalid(call, "attribute '%s' has a number other than 0 and 1", name);
}

static Value *reverse_first_axis(Builder *builder, Value *value) {
  DimContext *context = builder->module->dims;
  Dim start[RANK_LIMIT];
  int64_t step[RANK_LIMIT];
  for (uint32_t i = 0; i < value->type.rank; i++) {
    start[i] = i ? dim_constant(context, 0) : dim_subtract(context, value->type.dims[0], dim_constant(context, 1));
    step[i] = i ? 1 : -1;
  }
  return build_slice(builder, value, start, step, value->type.dims);
}

/* Moves an axis to the front, or the first axis there. */
static Value *move_axis(Builder *builder, Value *value, uint32_t axis, bool to_front) {
  uint32_t permutation[RANK_LIMIT], rank = value->type.rank;
  for (uint32_t i = 0; i < rank; i++)
    permutation[i] = to_front ? (i == 0 ? axis : i <= axis ? i - 1 : i) : (i == axis ? 0 : i < axis ? i + 1 : i);
  return build_transpose(builder, value, permutation);
}

/* Input i of those that are scanned, so that its slices lie along its first axis, in order. */
static Value *scan_input(const OperatorCall *call, Value *value, uint32_t count, uint32_t i) {
  int64_t given;
  uint32_t axis;
  bool reverse;
  if (!value->type.rank) {
    call_invalid(call, "an input of rank 0 has no slices");
    return NULL;
  }
  if (!list_at(call, "scan_input_axes", count, i, &given) || !call_axis(call, given, value->type.rank, &axis) ||
      !direction_at(call, "scan_input_directions", count, i, &reverse))
    return NULL;
  value = move_axis(call->builder, value, axis, true);
  return reverse ? reverse_first_axis(call->builder, value) : value;
}

static Value *scan_output(const OperatorCall *call, Value *value, uint32_t count, uint32_t i) {
  int64_t given;
  uint32_t axis;
  bool reverse;
  if (!list_at(call, "scan_output_axes", count, i, &given) || !call_axis(call, given, value->type.rank, &axis) ||
      !direction_at(call, "scan_output_directions", count, i, &reverse))
    return NULL;
  if (reverse) value = reverse_first_axis(call->builder, value);
  return move_axis(call->builder, value, axis, false);
}

static Value *given_input(const OperatorCall *call, uint32_t index) {
  if (!call->inputs[index]) call_invalid(call, "input %u is absent", index);
  return call->inputs[index];
}

/* Checks at run time that every sequence is as long as its axis: shorter ones are not supported. */
static bool require_whole_sequences(const OperatorCall *call, Dim length) {
  Builder *builder = call->builder;
  Value *lengths = call->inputs[0];
  if (!lengths) return true;
  Value *valid = build_binary(builder, SCALAR_EQ, lengths,
                              build_reshape(builder, build_dims(builder, &length, 1), 0, NULL));
  uint64_t axes = (UINT64_C(1) << lengths->type.rank) - 1;
  return valid && build_require(builder, build_reduce(builder, SCALAR_AND, valid, axes, false), AICC_E_VALUE);
}

/* Opset 8: all values have a batch axis in front, and sequences lie along axis 1. A scan over the batch around a
   scan over the sequence. */
static bool expand_batched_scan(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  int64_t given = call_int(call, "num_scan_inputs");
  uint32_t all = call->input_count - 1;
  if (given < 1 || given > all)
    return call_invalid(call, "num_scan_inputs is %lld, of %u inputs", (long long)given, all);
  uint32_t count = (uint32_t)given, carried = all - count;
  for (uint32_t i = 0; i < all; i++) {
    const Value *value = given_input(call, 1 + i);
    if (!value) return false;
    if (value->type.rank < (i < carried ? 1 : 2)) return call_invalid(call, "input %u has no batch axis", 1 + i);
  }
  if (!require_whole_sequences(call, call->inputs[1 + carried]->type.dims[1])) return false;
  Node *batch = build_scan(builder, NULL, 0, call->inputs + 1, all);
  if (!batch) return false;
  Builder inner = {.module = builder->module, .region = batch->regions[0], .location = builder->location};
  Value **inputs = arena_array(builder->module->arena, Value *, count), **parts;
  bool reverse, ok = true;
  for (uint32_t i = 0; ok && i < count; i++) {
    inputs[i] = inner.region->arguments[carried + i];
    ok = direction_at(call, "directions", count, i, &reverse);
    if (ok && reverse) ok = (inputs[i] = reverse_first_axis(&inner, inputs[i])) != NULL;
  }
  Node *node = ok ? build_scan(&inner, inner.region->arguments, carried, inputs, count) : NULL;
  ok = node && call_subgraph(call, "body", node->regions[0]);
  uint32_t part_count = ok ? node->regions[0]->result_count : 0;
  parts = arena_array(builder->module->arena, Value *, part_count);
  ok = node && build_control_finish(&inner, node, ok, parts, part_count);
  if (ok) region_set_results(builder->module, inner.region, parts, part_count);
  return finish(call, batch, ok, 0, results);
}

static bool expand_scan(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  int64_t given = call_int(call, "num_scan_inputs");
  if (given < 1 || given > call->input_count)
    return call_invalid(call, "num_scan_inputs is %lld, of %u inputs", (long long)given, call->input_count);
  uint32_t count = (uint32_t)given, carried = call->input_count - count;
  Value **inputs = arena_array(builder->module->arena, Value *, count);
  for (uint32_t i = 0; i < call->input_count; i++)
    if (!given_input(call, i)) return false;
  for (uint32_t i = 0; i < count; i++)
    if (!(inputs[i] = scan_input(call, call->inputs[carried + i], count, i))) return false;
  Node *node = build_scan(builder, call->inputs, carried, inputs, count);
  if (!node) return false;
  bool ok = call_subgraph(call, "body", node->regions[0]);
  if (!finish(call, node, ok, 0, results)) return false;
  uint32_t stacked = node->result_count - carried;
  for (uint32_t i = carried; i < call->output_count; i++)
    if (!(results[i] = scan_output(call, results[i], stacked, i - carried))) return false;
  return true;
}

const Operator control_operators[] = {
    {.name = "If", .since = 1, .inputs = {{.name = "cond", .elements = ELEMENTS_BOOL}}, .output_count = INT32_MAX,
     .attributes = {REQUIRED_ATTRIBUTE("then_branch", GRAPH), REQUIRED_ATTRIBUTE("else_branch", GRAPH)},
     .expand = expand_if, .doc = "The results of one of two graphs. Both must give the same types."},
    {.name = "Loop", .since = 1,
     .inputs = {{.name = "M", .elements = ELEMENTS_I64, .optional = true},
                {.name = "cond", .elements = ELEMENTS_BOOL, .optional = true},
                {.name = "v_initial", .elements = ELEMENTS_ANY, .optional = true}},
     .variadic = true, .output_count = INT32_MAX, .attributes = {REQUIRED_ATTRIBUTE("body", GRAPH)},
     .expand = expand_loop,
     .doc = "A graph over carried values, again and again: at most M times, while the condition holds. The types of "
            "carried values must not change; scan outputs need a condition that stays true and a trip count that "
            "is known, or declared by their shape and then checked at run time."},
    {.name = "Scan", .since = 8, .until = 8,
     .inputs = {{.name = "sequence_lens", .elements = ELEMENTS_I64, .optional = true},
                {.name = "initial_state_and_scan_inputs", .elements = ELEMENTS_ANY}},
     .variadic = true, .output_count = INT32_MAX,
     .attributes = {REQUIRED_ATTRIBUTE("body", GRAPH), REQUIRED_ATTRIBUTE("num_scan_inputs", INT),
                    INTS_ATTRIBUTE("directions")},
     .expand = expand_batched_scan,
     .doc = "A graph over carried values and one slice of each input in turn, for each element of a batch. Sequences "
            "shorter than their axis end the run with a status."},
    {.name = "Scan", .since = 9,
     .inputs = {{.name = "initial_state_and_scan_inputs", .elements = ELEMENTS_ANY}},
     .variadic = true, .output_count = INT32_MAX,
     .attributes = {REQUIRED_ATTRIBUTE("body", GRAPH), REQUIRED_ATTRIBUTE("num_scan_inputs", INT),
                    INTS_ATTRIBUTE("scan_input_axes"), INTS_ATTRIBUTE("scan_input_directions"),
                    INTS_ATTRIBUTE("scan_output_axes"), INTS_ATTRIBUTE("scan_output_directions")},
     .expand = expand_scan, .doc = "A graph over carried values and one slice of each input in turn."},
    {0}};
