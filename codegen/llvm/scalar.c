/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions on lanes: the meaning stands in ir/scalar.def, the interpreter is the oracle. Everything
   works on scalars and on vectors alike. */
#include "codegen/llvm/emit.h"
#include <stdio.h>
#include <string.h>

typedef struct Operation {
  Codegen *cg;
  LLVMBuilderRef builder;
  ElementType from, to;
  const ElementInfo *info; /* of `from` */
  LLVMTypeRef type;        /* of the operands */
  LLVMValueRef a, b, c;
  uint32_t lanes;
} Operation;

static bool is_float(const Operation *op) {
  return op->info->class == CLASS_FLOAT;
}
static bool is_signed(const Operation *op) {
  return op->info->class == CLASS_INT;
}

static LLVMValueRef zero_of(const Operation *op) {
  return LLVMConstNull(op->type);
}

static LLVMValueRef integer_of(const Operation *op, uint64_t value) {
  return emit_bits(op->cg, op->from, value, op->lanes);
}

static LLVMValueRef float_of(const Operation *op, double value) {
  return emit_splat(op->cg, LLVMConstReal(emit_type(op->cg, op->from, 1), value), op->lanes);
}

static LLVMValueRef intrinsic(const Operation *op, const char *name, uint32_t count) {
  LLVMValueRef arguments[3] = {op->a, op->b, op->c};
  LLVMTypeRef overload = op->type;
  return emit_intrinsic(op->cg, name, &overload, 1, arguments, count);
}

static bool is_known_number(LLVMValueRef value) {
  LLVMBool loses;
  if (!LLVMIsAConstantFP(value)) return false;
  double number = LLVMConstRealGetDouble(value, &loses);
  return number == number;
}

/* The scalar behind a splat built by emit_splat, else the value itself. */
static LLVMValueRef splat_source(LLVMValueRef value) {
  if (LLVMIsConstant(value) && LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMVectorTypeKind) {
    LLVMValueRef first = LLVMGetAggregateElement(value, 0);
    return first ? first : value;
  }
  return value;
}

/* NaN wins. Against a known number one comparison suffices: where it fails the other operand is taken. */
static LLVMValueRef emit_float_extreme(const Operation *op, bool most) {
  LLVMRealPredicate outside = most ? LLVMRealOLT : LLVMRealOGT;
  if (is_known_number(splat_source(op->b)))
    return LLVMBuildSelect(op->builder, LLVMBuildFCmp(op->builder, outside, op->a, op->b, ""), op->b, op->a,
                           "");
  if (is_known_number(splat_source(op->a)))
    return LLVMBuildSelect(op->builder, LLVMBuildFCmp(op->builder, outside, op->b, op->a, ""), op->a, op->b,
                           "");
  return intrinsic(op, most ? "llvm.maximum" : "llvm.minimum", 2);
}

static LLVMValueRef emit_extreme(const Operation *op, bool most) {
  if (is_float(op)) return emit_float_extreme(op, most);
  const char *name = is_signed(op) ? (most ? "llvm.smax" : "llvm.smin") : most ? "llvm.umax" : "llvm.umin";
  return intrinsic(op, name, 2);
}

/* Integer quotient or remainder without traps: see scalar.def. */
static LLVMValueRef emit_divide(const Operation *op, bool remainder) {
  LLVMBuilderRef builder = op->builder;
  LLVMValueRef by_zero = LLVMBuildICmp(builder, LLVMIntEQ, op->b, zero_of(op), ""), unsafe = by_zero;
  if (is_signed(op)) {
    LLVMValueRef least = integer_of(op, UINT64_C(1) << (op->info->bits - 1)),
                 minus_one = LLVMConstAllOnes(op->type);
    LLVMValueRef overflow = LLVMBuildAnd(builder, LLVMBuildICmp(builder, LLVMIntEQ, op->a, least, ""),
                                         LLVMBuildICmp(builder, LLVMIntEQ, op->b, minus_one, ""), "");
    unsafe = LLVMBuildOr(builder, by_zero, overflow, "");
  }
  LLVMValueRef divisor = LLVMBuildSelect(builder, unsafe, integer_of(op, 1), op->b, "");
  LLVMValueRef result;
  if (is_signed(op))
    result =
        remainder ? LLVMBuildSRem(builder, op->a, divisor, "") : LLVMBuildSDiv(builder, op->a, divisor, "");
  else
    result =
        remainder ? LLVMBuildURem(builder, op->a, divisor, "") : LLVMBuildUDiv(builder, op->a, divisor, "");
  return remainder ? result : LLVMBuildSelect(builder, by_zero, zero_of(op), result, "");
}

/* The remainder with the divisor's sign. */
static LLVMValueRef emit_modulo(const Operation *op) {
  LLVMBuilderRef builder = op->builder;
  LLVMValueRef rest = emit_divide(op, true);
  if (!is_signed(op)) return rest;
  LLVMValueRef differs =
      LLVMBuildICmp(builder, LLVMIntSLT, LLVMBuildXor(builder, rest, op->b, ""), zero_of(op), "");
  LLVMValueRef inexact = LLVMBuildICmp(builder, LLVMIntNE, rest, zero_of(op), "");
  LLVMValueRef correct = LLVMBuildAnd(builder, differs, inexact, "");
  LLVMValueRef moved = LLVMBuildAdd(builder, rest, op->b, "");
  LLVMValueRef result = LLVMBuildSelect(builder, correct, moved, rest, "");
  LLVMValueRef by_zero = LLVMBuildICmp(builder, LLVMIntEQ, op->b, zero_of(op), "");
  return LLVMBuildSelect(builder, by_zero, zero_of(op), result, "");
}

static LLVMValueRef emit_shift(const Operation *op, bool left) {
  LLVMBuilderRef builder = op->builder;
  LLVMValueRef width = integer_of(op, op->info->bits);
  LLVMValueRef inside = LLVMBuildICmp(builder, LLVMIntULT, op->b, width, "");
  LLVMValueRef count = LLVMBuildSelect(builder, inside, op->b, zero_of(op), "");
  LLVMValueRef shifted = left            ? LLVMBuildShl(builder, op->a, count, "")
                         : is_signed(op) ? LLVMBuildAShr(builder, op->a, count, "")
                                         : LLVMBuildLShr(builder, op->a, count, "");
  return LLVMBuildSelect(builder, inside, shifted, zero_of(op), "");
}

static LLVMValueRef emit_compare(const Operation *op, Scalar scalar) {
  static const struct {
    Scalar scalar;
    LLVMRealPredicate real;
    LLVMIntPredicate with_sign, without_sign;
  } predicates[] = {
      {SCALAR_EQ, LLVMRealOEQ, LLVMIntEQ, LLVMIntEQ},   {SCALAR_NE, LLVMRealUNE, LLVMIntNE, LLVMIntNE},
      {SCALAR_LT, LLVMRealOLT, LLVMIntSLT, LLVMIntULT}, {SCALAR_LE, LLVMRealOLE, LLVMIntSLE, LLVMIntULE},
      {SCALAR_GT, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT}, {SCALAR_GE, LLVMRealOGE, LLVMIntSGE, LLVMIntUGE},
  };
  size_t i = 0;
  while (predicates[i].scalar != scalar) i++;
  if (is_float(op)) return LLVMBuildFCmp(op->builder, predicates[i].real, op->a, op->b, "");
  LLVMIntPredicate predicate = is_signed(op) ? predicates[i].with_sign : predicates[i].without_sign;
  return LLVMBuildICmp(op->builder, predicate, op->a, op->b, "");
}

static LLVMValueRef emit_sign(const Operation *op) {
  LLVMBuilderRef builder = op->builder;
  if (is_float(op)) { /* x where it is 0 or NaN */
    LLVMValueRef above = LLVMBuildFCmp(builder, LLVMRealOGT, op->a, zero_of(op), "");
    LLVMValueRef below = LLVMBuildFCmp(builder, LLVMRealOLT, op->a, zero_of(op), "");
    LLVMValueRef low = LLVMBuildSelect(builder, below, float_of(op, -1), op->a, "");
    return LLVMBuildSelect(builder, above, float_of(op, 1), low, "");
  }
  LLVMValueRef nonzero =
      LLVMBuildZExt(builder, LLVMBuildICmp(builder, LLVMIntNE, op->a, zero_of(op), ""), op->type, "");
  if (!is_signed(op)) return nonzero;
  LLVMValueRef below = LLVMBuildICmp(builder, LLVMIntSLT, op->a, zero_of(op), "");
  return LLVMBuildSelect(builder, below, LLVMConstAllOnes(op->type), nonzero, "");
}

/* Float to integer: truncates, saturates, NaN gives 0. Narrow types go through i32, where targets convert. */
static LLVMValueRef emit_float_to_integer(const Operation *op) {
  const ElementInfo *to = element_info(op->to);
  bool to_signed = to->class == CLASS_INT;
  bool narrow = to->bits < 32;
  LLVMTypeRef result = emit_type(op->cg, op->to, op->lanes);
  LLVMTypeRef wide = narrow ? emit_type(op->cg, ELEMENT_I32, op->lanes) : result;
  LLVMTypeRef overloads[2] = {wide, op->type};
  LLVMValueRef argument = op->a;
  const char *name = narrow || to_signed ? "llvm.fptosi.sat" : "llvm.fptoui.sat";
  LLVMValueRef value = emit_intrinsic(op->cg, name, overloads, 2, &argument, 1);
  if (!narrow) return value;
  int64_t most = to_signed ? (INT64_C(1) << (to->bits - 1)) - 1 : (INT64_C(1) << to->bits) - 1;
  int64_t least = to_signed ? -most - 1 : 0;
  LLVMValueRef low[2] = {value, emit_bits(op->cg, ELEMENT_I32, (uint64_t)least & UINT32_MAX, op->lanes)};
  LLVMValueRef high[2] = {emit_intrinsic(op->cg, "llvm.smax", &wide, 1, low, 2),
                          emit_bits(op->cg, ELEMENT_I32, (uint64_t)most, op->lanes)};
  return LLVMBuildTrunc(op->builder, emit_intrinsic(op->cg, "llvm.smin", &wide, 1, high, 2), result, "");
}

static LLVMValueRef emit_cast(const Operation *op) {
  const ElementInfo *to = element_info(op->to);
  LLVMTypeRef result = emit_type(op->cg, op->to, op->lanes);
  LLVMBuilderRef builder = op->builder;
  if (op->from == op->to) return op->a;
  if (op->to == ELEMENT_BOOL)
    return is_float(op) ? LLVMBuildFCmp(builder, LLVMRealUNE, op->a, zero_of(op), "")
                        : LLVMBuildICmp(builder, LLVMIntNE, op->a, zero_of(op), "");
  if (is_float(op)) {
    if (to->class != CLASS_FLOAT) return emit_float_to_integer(op);
    return op->to == ELEMENT_F64 ? LLVMBuildFPExt(builder, op->a, result, "")
                                 : LLVMBuildFPTrunc(builder, op->a, result, "");
  }
  if (to->class == CLASS_FLOAT)
    return is_signed(op) ? LLVMBuildSIToFP(builder, op->a, result, "")
                         : LLVMBuildUIToFP(builder, op->a, result, "");
  uint32_t from_bits = op->from == ELEMENT_BOOL ? 1 : op->info->bits;
  if (to->bits == from_bits) return op->a;
  if (to->bits < from_bits) return LLVMBuildTrunc(builder, op->a, result, "");
  return is_signed(op) ? LLVMBuildSExt(builder, op->a, result, "")
                       : LLVMBuildZExt(builder, op->a, result, "");
}

/* A double to the float beside it whose last bit is set where they differ, so that rounding it once more is as rounding
   the double at once (S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums", 2008: round to odd). */
static LLVMValueRef emit_narrow_to_odd(const Operation *op) {
  LLVMBuilderRef builder = op->builder;
  LLVMTypeRef narrow = emit_type(op->cg, ELEMENT_F32, op->lanes), bits = emit_type(op->cg, ELEMENT_U32, op->lanes);
  LLVMValueRef one = emit_bits(op->cg, ELEMENT_U32, 1, op->lanes), minus_one = LLVMConstAllOnes(bits);
  LLVMValueRef nearest = LLVMBuildFPTrunc(builder, op->a, narrow, "");
  LLVMValueRef back = LLVMBuildFPExt(builder, nearest, op->type, "");
  LLVMValueRef pair[2] = {op->a, back}, magnitudes[2];
  for (int i = 0; i < 2; i++) magnitudes[i] = emit_intrinsic(op->cg, "llvm.fabs", (LLVMTypeRef[]){op->type}, 1, &pair[i], 1);
  LLVMValueRef differs = LLVMBuildFCmp(builder, LLVMRealONE, op->a, back, "");
  LLVMValueRef above = LLVMBuildFCmp(builder, LLVMRealOGT, magnitudes[0], magnitudes[1], "");
  LLVMValueRef word = LLVMBuildBitCast(builder, nearest, bits, "");
  LLVMValueRef even = LLVMBuildICmp(builder, LLVMIntEQ, LLVMBuildAnd(builder, word, one, ""), LLVMConstNull(bits), "");
  LLVMValueRef step = LLVMBuildSelect(builder, above, one, minus_one, "");
  LLVMValueRef moves = LLVMBuildAnd(builder, differs, even, "");
  word = LLVMBuildSelect(builder, moves, LLVMBuildAdd(builder, word, step, ""), word, "");
  return LLVMBuildBitCast(builder, word, narrow, "");
}

/* The nearest number of a narrower type, as it would be stored and loaded again. */
static LLVMValueRef emit_round_to(const Operation *op, ElementType element) {
  LLVMValueRef value = op->from == ELEMENT_F64 ? emit_narrow_to_odd(op) : op->a;
  LLVMValueRef stored = emit_store_convert(op->cg, element, value, op->lanes);
  value = emit_load_convert(op->cg, element, stored, op->lanes);
  return op->from == ELEMENT_F64 ? LLVMBuildFPExt(op->builder, value, op->type, "") : value;
}

/* Calls a function of one lane on each lane. */
static LLVMValueRef emit_by_lane(const Operation *op, LLVMValueRef (*one)(const Operation *op)) {
  if (op->lanes == 1) return one(op);
  LLVMValueRef result = LLVMGetPoison(op->type);
  for (uint32_t lane = 0; lane < op->lanes; lane++) {
    LLVMValueRef index = emit_i64(op->cg, lane);
    Operation scalar = *op;
    scalar.lanes = 1;
    scalar.type = emit_type(op->cg, op->from, 1);
    scalar.a = LLVMBuildExtractElement(op->builder, op->a, index, "");
    if (op->b) scalar.b = LLVMBuildExtractElement(op->builder, op->b, index, "");
    result = LLVMBuildInsertElement(op->builder, result, one(&scalar), index, "");
  }
  return result;
}

static LLVMValueRef emit_integer_power(const Operation *op) {
  bool with_sign = is_signed(op);
  LLVMTypeRef wide = op->cg->i64;
  LLVMValueRef arguments[2];
  for (int i = 0; i < 2; i++) {
    LLVMValueRef value = i ? op->b : op->a;
    arguments[i] = op->info->bits == 64 ? value
                   : with_sign          ? LLVMBuildSExt(op->builder, value, wide, "")
                                        : LLVMBuildZExt(op->builder, value, wide, "");
  }
  const char *name = with_sign ? "aicc_support_ipow_signed" : "aicc_support_ipow_unsigned";
  LLVMValueRef power = emit_call(op->cg, emit_runtime_function(op->cg, name), arguments, 2);
  return op->info->bits == 64 ? power : LLVMBuildTrunc(op->builder, power, op->type, "");
}

/* One half of the lanes of a vector. */
static LLVMValueRef emit_half(Codegen *cg, LLVMValueRef value, uint32_t side, uint32_t half) {
  LLVMValueRef indices[64];
  if (half == 1) return LLVMBuildExtractElement(cg->builder, value, emit_i64(cg, side), "");
  for (uint32_t i = 0; i < half; i++) indices[i] = emit_i32(cg, side * half + i);
  return LLVMBuildShuffleVector(cg->builder, value, value, LLVMConstVector(indices, half), "");
}

static LLVMValueRef emit_join(Codegen *cg, LLVMValueRef low, LLVMValueRef high, uint32_t half) {
  LLVMValueRef indices[64];
  if (half == 1) {
    LLVMValueRef pair = LLVMGetPoison(LLVMVectorType(LLVMTypeOf(low), 2));
    pair = LLVMBuildInsertElement(cg->builder, pair, low, emit_i64(cg, 0), "");
    return LLVMBuildInsertElement(cg->builder, pair, high, emit_i64(cg, 1), "");
  }
  for (uint32_t i = 0; i < 2 * half; i++) indices[i] = emit_i32(cg, i);
  return LLVMBuildShuffleVector(cg->builder, low, high, LLVMConstVector(indices, 2 * half), "");
}

/* Calls a function of the runtime on lanes: the one of this width (its name ends in the number of lanes),
   else that of half the width twice. The C ABI passes vectors of 8 bytes as double: the same bits. */
static LLVMValueRef emit_runtime_lanes(Codegen *cg, const char *prefix, LLVMTypeRef result,
                                       LLVMValueRef *arguments, uint32_t arity, uint32_t lanes) {
  char symbol[64];
  snprintf(symbol, sizeof symbol, "%s%u", prefix, lanes);
  LLVMValueRef function = emit_runtime_function(cg, symbol), passed[2], parts[2];
  LLVMTypeRef whole = lanes == 1 ? result : LLVMVectorType(result, lanes);
  if (function) {
    for (uint32_t i = 0; i < arity; i++)
      passed[i] = LLVMBuildBitCast(cg->builder, arguments[i], LLVMTypeOf(LLVMGetParam(function, i)), "");
    return LLVMBuildBitCast(cg->builder, emit_call(cg, function, passed, arity), whole, "");
  }
  for (uint32_t side = 0; side < 2; side++) {
    for (uint32_t i = 0; i < arity; i++) passed[i] = emit_half(cg, arguments[i], side, lanes / 2);
    parts[side] = emit_runtime_lanes(cg, prefix, result, passed, arity, lanes / 2);
  }
  return emit_join(cg, parts[0], parts[1], lanes / 2);
}

static LLVMValueRef emit_math(const Operation *op, const char *name, uint32_t arity) {
  char prefix[64];
  LLVMValueRef arguments[2] = {op->a, op->b};
  snprintf(prefix, sizeof prefix, "aicc_math_%s_%sx", name, op->info->name);
  return emit_runtime_lanes(op->cg, prefix, emit_type(op->cg, op->from, 1), arguments, arity, op->lanes);
}

static LLVMValueRef emit_arithmetic(const Operation *op, Scalar scalar) {
  LLVMBuilderRef builder = op->builder;
  switch (scalar) {
  case SCALAR_ADD:
    return is_float(op) ? LLVMBuildFAdd(builder, op->a, op->b, "") : LLVMBuildAdd(builder, op->a, op->b, "");
  case SCALAR_SUB:
    return is_float(op) ? LLVMBuildFSub(builder, op->a, op->b, "") : LLVMBuildSub(builder, op->a, op->b, "");
  case SCALAR_MUL:
    return is_float(op) ? LLVMBuildFMul(builder, op->a, op->b, "") : LLVMBuildMul(builder, op->a, op->b, "");
  case SCALAR_DIV:
    return is_float(op) ? LLVMBuildFDiv(builder, op->a, op->b, "") : emit_divide(op, false);
  case SCALAR_NEG:
    return is_float(op) ? LLVMBuildFNeg(builder, op->a, "") : LLVMBuildNeg(builder, op->a, "");
  case SCALAR_ABS:
    if (is_float(op)) return intrinsic(op, "llvm.fabs", 1);
    if (!is_signed(op)) return op->a;
    return LLVMBuildSelect(builder, LLVMBuildICmp(builder, LLVMIntSLT, op->a, zero_of(op), ""),
                           LLVMBuildNeg(builder, op->a, ""), op->a, "");
  case SCALAR_RECIP:
    return LLVMBuildFDiv(builder, float_of(op, 1), op->a, "");
  default:
    return NULL;
  }
}

LLVMValueRef emit_scalar(Codegen *cg, Scalar scalar, ElementType from, ElementType to, LLVMValueRef *operands,
                         uint32_t lanes) {
  const ScalarInfo *info = scalar_info(scalar);
  Operation op = {.cg = cg,
                  .builder = cg->builder,
                  .from = from,
                  .to = to,
                  .info = element_info(from),
                  .lanes = lanes,
                  .a = operands[0],
                  .b = info->arity > 1 ? operands[1] : NULL,
                  .c = info->arity > 2 ? operands[2] : NULL};
  op.type = LLVMTypeOf(operands[0]);
  if (info->math) return emit_math(&op, info->name, info->arity);
  switch (scalar) {
  case SCALAR_MOD:
    return emit_modulo(&op);
  case SCALAR_REM: {
    LLVMValueRef by_zero = LLVMBuildICmp(cg->builder, LLVMIntEQ, op.b, zero_of(&op), "");
    return LLVMBuildSelect(cg->builder, by_zero, zero_of(&op), emit_divide(&op, true), "");
  }
  case SCALAR_IPOW:
    return emit_by_lane(&op, emit_integer_power);
  case SCALAR_MIN:
    return emit_extreme(&op, false);
  case SCALAR_MAX:
    return emit_extreme(&op, true);
  case SCALAR_SIGN:
    return emit_sign(&op);
  case SCALAR_AND:
    return LLVMBuildAnd(cg->builder, op.a, op.b, "");
  case SCALAR_OR:
    return LLVMBuildOr(cg->builder, op.a, op.b, "");
  case SCALAR_XOR:
    return LLVMBuildXor(cg->builder, op.a, op.b, "");
  case SCALAR_NOT:
    return LLVMBuildNot(cg->builder, op.a, "");
  case SCALAR_SHL:
    return emit_shift(&op, true);
  case SCALAR_SHR:
    return emit_shift(&op, false);
  case SCALAR_EQ:
  case SCALAR_NE:
  case SCALAR_LT:
  case SCALAR_LE:
  case SCALAR_GT:
  case SCALAR_GE:
    return emit_compare(&op, scalar);
  case SCALAR_SELECT:
    return LLVMBuildSelect(cg->builder, op.a, op.b, op.c, "");
  case SCALAR_CAST:
    return emit_cast(&op);
  case SCALAR_BITCAST:
    return LLVMBuildBitCast(cg->builder, op.a, emit_type(cg, to, lanes), "");
  case SCALAR_FLOOR:
    return intrinsic(&op, "llvm.floor", 1);
  case SCALAR_CEIL:
    return intrinsic(&op, "llvm.ceil", 1);
  case SCALAR_TRUNC:
    return intrinsic(&op, "llvm.trunc", 1);
  case SCALAR_ROUND:
    return intrinsic(&op, "llvm.roundeven", 1);
  case SCALAR_ROUND_F16:
    return emit_round_to(&op, ELEMENT_F16);
  case SCALAR_ROUND_BF16:
    return emit_round_to(&op, ELEMENT_BF16);
  case SCALAR_SQRT:
    return intrinsic(&op, "llvm.sqrt", 1);
  default:
    return emit_arithmetic(&op, scalar);
  }
}

static LLVMTypeRef half_type(Codegen *cg, uint32_t lanes) {
  LLVMTypeRef type = LLVMHalfTypeInContext(cg->context);
  return lanes == 1 ? type : LLVMVectorType(type, lanes);
}

LLVMValueRef emit_load_convert(Codegen *cg, ElementType element, LLVMValueRef stored, uint32_t lanes) {
  if (element == ELEMENT_F16 && cg->level->half_floats) {
    LLVMTypeRef wide = emit_type(cg, ELEMENT_F32, lanes);
    LLVMValueRef half = LLVMBuildBitCast(cg->builder, stored, half_type(cg, lanes), "");
    LLVMValueRef value = LLVMBuildFPExt(cg->builder, half, wide, "");
    /* Without the fence LLVM would compute on halves, which it then does by calls of functions that objects lack. */
    return emit_intrinsic(cg, "llvm.arithmetic.fence", &wide, 1, &value, 1);
  }
  if (element == ELEMENT_F16)
    return emit_runtime_lanes(cg, "aicc_math_f16_to_f32_x", cg->f32, &stored, 1, lanes);
  if (element == ELEMENT_BF16) { /* the upper half; what reads a signalling NaN quiets it */
    LLVMTypeRef bits = emit_type(cg, ELEMENT_U32, lanes);
    LLVMValueRef wide = LLVMBuildZExt(cg->builder, stored, bits, "");
    wide = LLVMBuildShl(cg->builder, wide, emit_splat(cg, emit_i32(cg, 16), lanes), "");
    return LLVMBuildBitCast(cg->builder, wide, emit_type(cg, ELEMENT_F32, lanes), "");
  }
  if (element == ELEMENT_BOOL)
    return LLVMBuildICmp(cg->builder, LLVMIntNE, stored, LLVMConstNull(LLVMTypeOf(stored)), "");
  return stored;
}

LLVMValueRef emit_store_convert(Codegen *cg, ElementType element, LLVMValueRef computed, uint32_t lanes) {
  if (element == ELEMENT_F16 && cg->level->half_floats)
    return LLVMBuildBitCast(cg->builder, LLVMBuildFPTrunc(cg->builder, computed, half_type(cg, lanes), ""),
                            emit_storage_type(cg, element, lanes), "");
  if (element == ELEMENT_F16)
    return emit_runtime_lanes(cg, "aicc_math_f32_to_f16_x", cg->i16, &computed, 1, lanes);
  if (element == ELEMENT_BF16)
    return emit_runtime_lanes(cg, "aicc_math_f32_to_bf16_x", cg->i16, &computed, 1, lanes);
  if (element == ELEMENT_BOOL)
    return LLVMBuildZExt(cg->builder, computed, emit_storage_type(cg, element, lanes), "");
  return computed;
}

LLVMValueRef emit_lane_tree(Codegen *cg, Scalar monoid, ElementType type, LLVMValueRef vector,
                            uint32_t lanes) {
  for (uint32_t half = lanes / 2; half; half /= 2) {
    LLVMValueRef pair[2] = {emit_half(cg, vector, 0, half), emit_half(cg, vector, 1, half)};
    vector = emit_scalar(cg, monoid, type, type, pair, half);
  }
  return vector;
}
