/* SPDX-License-Identifier: Apache-2.0 */
/* Element types. Floats of all widths go through one decoder that is driven by a table of formats. */
#include "element.h"
#include "aicc/abi.h"
#include <math.h>
#include <stdalign.h>
#include <string.h>

static const ElementType types[] = {
    [1] = {"float32", ELEMENT_FLOAT, 32, 4},
    [2] = {"uint8", ELEMENT_UNSIGNED, 8, 1},
    [3] = {"int8", ELEMENT_SIGNED, 8, 1},
    [4] = {"uint16", ELEMENT_UNSIGNED, 16, 2},
    [5] = {"int16", ELEMENT_SIGNED, 16, 2},
    [6] = {"int32", ELEMENT_SIGNED, 32, 4},
    [7] = {"int64", ELEMENT_SIGNED, 64, 8},
    [8] = {"string", ELEMENT_STRING, 8 * sizeof(aicc_string), alignof(aicc_string)},
    [9] = {"bool", ELEMENT_BOOL, 8, 1},
    [10] = {"float16", ELEMENT_FLOAT, 16, 2},
    [11] = {"float64", ELEMENT_FLOAT, 64, 8},
    [12] = {"uint32", ELEMENT_UNSIGNED, 32, 4},
    [13] = {"uint64", ELEMENT_UNSIGNED, 64, 8},
    [14] = {"complex64", ELEMENT_COMPLEX, 64, 4},
    [15] = {"complex128", ELEMENT_COMPLEX, 128, 8},
    [16] = {"bfloat16", ELEMENT_FLOAT, 16, 2},
    [17] = {"float8e4m3fn", ELEMENT_FLOAT, 8, 1},
    [18] = {"float8e4m3fnuz", ELEMENT_FLOAT, 8, 1},
    [19] = {"float8e5m2", ELEMENT_FLOAT, 8, 1},
    [20] = {"float8e5m2fnuz", ELEMENT_FLOAT, 8, 1},
    [21] = {"uint4", ELEMENT_UNSIGNED, 4, 1},
    [22] = {"int4", ELEMENT_SIGNED, 4, 1},
    [23] = {"float4e2m1", ELEMENT_FLOAT, 4, 1},
    [24] = {"float8e8m0", ELEMENT_FLOAT, 8, 1},
    [25] = {"uint2", ELEMENT_UNSIGNED, 2, 1},
    [26] = {"int2", ELEMENT_SIGNED, 2, 1},
};

/* How a small float says infinity and NaN. */
typedef enum Specials {
  SPECIALS_IEEE,     /* the top exponent: infinity with mantissa 0, else NaN */
  SPECIALS_ALL_ONES, /* no infinity; NaN is exponent and mantissa all ones */
  SPECIALS_MINUS_ZERO /* no infinity, no -0; what would be -0 is NaN */,
  SPECIALS_NONE
} Specials;

typedef struct FloatFormat {
  unsigned exponent_bits, mantissa_bits;
  int bias;
  Specials specials;
} FloatFormat;

/* From the ONNX documents "Float stored in 8 bits" and "Float stored in 4 bits". */
static const FloatFormat formats[] = {
    [10] = {5, 10, 15, SPECIALS_IEEE},   [16] = {8, 7, 127, SPECIALS_IEEE},
    [17] = {4, 3, 7, SPECIALS_ALL_ONES}, [18] = {4, 3, 8, SPECIALS_MINUS_ZERO},
    [19] = {5, 2, 15, SPECIALS_IEEE},    [20] = {5, 2, 16, SPECIALS_MINUS_ZERO},
    [23] = {2, 1, 1, SPECIALS_NONE},
};

enum { TYPE_FLOAT8E8M0 = 24 };

const ElementType *element_type(uint32_t dtype) {
  if (dtype >= sizeof types / sizeof *types || !types[dtype].name) return NULL;
  return &types[dtype];
}

static unsigned component_bits(uint32_t dtype) {
  return types[dtype].kind == ELEMENT_COMPLEX ? types[dtype].bits / 2 : types[dtype].bits;
}

uint64_t element_code(uint32_t dtype, const void *data, size_t index) {
  unsigned bits = component_bits(dtype);
  const unsigned char *bytes = data;
  if (bits < 8) {
    unsigned per_byte = 8 / bits;
    return (unsigned)bytes[index / per_byte] >> (index % per_byte * bits) & ((1u << bits) - 1);
  }
  uint64_t code = 0; /* little-endian, as the compiled model is */
  memcpy(&code, bytes + index * (bits / 8), bits / 8);
  return code;
}

void element_store(uint32_t dtype, void *data, size_t index, uint64_t code) {
  unsigned bits = component_bits(dtype);
  unsigned char *bytes = data;
  if (bits >= 8) {
    memcpy(bytes + index * (bits / 8), &code, bits / 8);
    return;
  }
  unsigned per_byte = 8 / bits, shift = (unsigned)(index % per_byte) * bits, mask = (1u << bits) - 1;
  unsigned char *byte = &bytes[index / per_byte];
  *byte = (unsigned char)((*byte & ~(mask << shift)) | ((unsigned)code & mask) << shift);
}

static double decode_small_float(const FloatFormat *format, uint64_t code) {
  uint64_t mantissa_mask = (UINT64_C(1) << format->mantissa_bits) - 1;
  uint64_t top = (UINT64_C(1) << format->exponent_bits) - 1;
  uint64_t mantissa = code & mantissa_mask, exponent = code >> format->mantissa_bits & top;
  bool negative = (code >> (format->mantissa_bits + format->exponent_bits) & 1) != 0;
  bool is_nan = false, is_infinite = false;
  switch (format->specials) {
  case SPECIALS_IEEE:
    is_infinite = exponent == top && mantissa == 0;
    is_nan = exponent == top && mantissa != 0;
    break;
  case SPECIALS_ALL_ONES:
    is_nan = exponent == top && mantissa == mantissa_mask;
    break;
  case SPECIALS_MINUS_ZERO:
    is_nan = negative && exponent == 0 && mantissa == 0;
    break;
  case SPECIALS_NONE:
    break;
  }
  if (is_nan) return (double)NAN;
  if (is_infinite) return negative ? (double)-INFINITY : (double)INFINITY;
  if (exponent == 0)
    exponent = 1; /* subnormal: no hidden bit */
  else
    mantissa |= mantissa_mask + 1;
  double value = ldexp((double)mantissa, (int)exponent - format->bias - (int)format->mantissa_bits);
  return negative ? -value : value;
}

double element_float(uint32_t dtype, const void *data, size_t index) {
  uint64_t code = element_code(dtype, data, index);
  if (component_bits(dtype) == 64) {
    double value;
    memcpy(&value, &code, sizeof value);
    return value;
  }
  if (component_bits(dtype) == 32) {
    float value;
    uint32_t low = (uint32_t)code;
    memcpy(&value, &low, sizeof value);
    return (double)value;
  }
  if (dtype == TYPE_FLOAT8E8M0) return code == 0xff ? (double)NAN : ldexp(1.0, (int)code - 127);
  return decode_small_float(&formats[dtype], code);
}

int64_t element_integer(uint32_t dtype, const void *data, size_t index) {
  uint64_t code = element_code(dtype, data, index);
  unsigned bits = types[dtype].bits;
  if (types[dtype].kind == ELEMENT_SIGNED && bits < 64 && (code >> (bits - 1) & 1) != 0)
    code |= ~UINT64_C(0) << bits;
  return (int64_t)code;
}

static void print_string(FILE *file, const aicc_string *string) {
  fputc('"', file);
  for (size_t i = 0; i < string->length; ++i) {
    unsigned char c = (unsigned char)string->data[i];
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
      fprintf(file, "\\x%02x", c);
    else
      fputc(c, file);
  }
  fputc('"', file);
}

void element_print(FILE *file, uint32_t dtype, const void *data, size_t index) {
  int digits = component_bits(dtype) == 64 ? 17 : 9;
  switch (types[dtype].kind) {
  case ELEMENT_FLOAT:
    fprintf(file, "%.*g", digits, element_float(dtype, data, index));
    break;
  case ELEMENT_COMPLEX:
    fprintf(file, "%.*g%+.*gi", digits, element_float(dtype, data, 2 * index), digits,
            element_float(dtype, data, 2 * index + 1));
    break;
  case ELEMENT_SIGNED:
    fprintf(file, "%lld", (long long)element_integer(dtype, data, index));
    break;
  case ELEMENT_UNSIGNED:
  case ELEMENT_BOOL:
    fprintf(file, "%llu", (unsigned long long)element_code(dtype, data, index));
    break;
  case ELEMENT_STRING:
    print_string(file, (const aicc_string *)data + index);
    break;
  }
}
