/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes NumPy's .npy files (format: numpy.lib.format). The header is the text of a Python dict
   with three known keys, which is searched rather than parsed: NumPy writes it in one form only. */
#include "tensor.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  MAX_HEADER = 65536,
  PREAMBLE = 10
}; /* a version 1 file: magic, version, 16-bit length of the header */

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

typedef struct NpyName {
  char code[4]; /* kind and bytes, without the byte order */
  uint32_t dtype;
} NpyName;

static const NpyName names[] = {{"f4", 1},  {"u1", 2},  {"i1", 3},  {"u2", 4},  {"i2", 5},
                                {"i4", 6},  {"i8", 7},  {"b1", 9},  {"f2", 10}, {"f8", 11},
                                {"u4", 12}, {"u8", 13}, {"c8", 14}, {"c16", 15}};

/* The text after 'key': in the header, or null. */
static const char *find_key(const char *header, const char *key) {
  const char *at = strstr(header, key);
  if (!at) return NULL;
  at += strlen(key);
  return at + strspn(at, " ");
}

/* Finds the element type, and how many bytes an element has in the file. */
static const char *read_descr(const char *at, uint32_t wanted_dtype, uint32_t *dtype, size_t *file_bytes) {
  static const char unknown[] = "has an element type that is not supported";
  if (!at || (*at != '\'' && *at != '"')) return "has no readable element type";
  if (at[1] == '>') return "is big-endian, which is not supported";
  if (!strchr("<|=", at[1]) || at[1] == '\0') return unknown;
  char code[4] = {0};
  size_t length = strcspn(at + 2, "'\"");
  if (length >= sizeof code) return unknown;
  memcpy(code, at + 2, length);
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (strcmp(code, names[i].code) == 0) {
      *dtype = names[i].dtype;
      *file_bytes = element_type(*dtype)->bits / 8;
    }
  /* Types that NumPy does not know stand as plain bytes, or as integers of one byte when they are packed. */
  const ElementType *wanted = element_type(wanted_dtype);
  bool opaque = wanted && ((wanted->kind == ELEMENT_FLOAT && wanted->bits == 8) || wanted->bits < 8);
  if (wanted_dtype == TYPE_BFLOAT16
          ? strcmp(code, "V2") == 0
          : opaque && (strcmp(code, "V1") == 0 ||
                       (wanted->bits < 8 && (strcmp(code, "u1") == 0 || strcmp(code, "i1") == 0)))) {
    *dtype = wanted_dtype;
    *file_bytes = wanted->bits < 8 ? 1 : wanted->bits / 8;
  }
  return *dtype ? NULL : unknown;
}

static const char *read_shape(const char *at, Tensor *tensor) {
  static const char bad[] = "has no readable shape";
  if (!at || *at++ != '(') return bad;
  for (;;) {
    at += strspn(at, " ");
    if (*at == ')') return NULL;
    char *end;
    errno = 0;
    long long dim = strtoll(at, &end, 10);
    if (end == at || errno || tensor->rank == MAX_RANK) return bad;
    tensor->dims[tensor->rank++] = dim;
    at = end + strspn(end, " L");
    if (*at == ',')
      ++at;
    else if (*at != ')')
      return bad;
  }
}

static uint64_t load_component(const unsigned char *from, size_t byte_count) {
  uint64_t code = 0;
  memcpy(&code, from, byte_count);
  return code;
}

/* Copies the elements, transposing Fortran order, packing types of less than a byte. */
static void copy_elements(Tensor *tensor, const unsigned char *from, size_t file_bytes, bool fortran_order) {
  size_t components = element_type(tensor->dtype)->kind == ELEMENT_COMPLEX ? 2 : 1;
  size_t component_bytes = file_bytes / components;
  int64_t index[MAX_RANK] = {0};
  if (!fortran_order && element_type(tensor->dtype)->bits >= 8) {
    if (tensor->byte_count) memcpy(tensor->data, from, tensor->byte_count);
    return;
  }
  for (size_t i = 0; i < tensor->element_count; ++i) {
    size_t at = i;
    if (fortran_order) {
      at = 0;
      for (uint32_t d = tensor->rank; d-- > 0;) at = at * (size_t)tensor->dims[d] + (size_t)index[d];
      for (uint32_t d = tensor->rank; d-- > 0 && ++index[d] == tensor->dims[d];) index[d] = 0;
    }
    for (size_t c = 0; c < components; ++c)
      element_store(tensor->dtype, tensor->data, i * components + c,
                    load_component(from + at * file_bytes + c * component_bytes, component_bytes));
  }
}

bool tensor_decode_npy(const unsigned char *bytes, size_t byte_count, uint32_t wanted_dtype, Tensor *tensor,
                       const char **problem) {
  *tensor = (Tensor){0};
  *problem = "is not a .npy file";
  if (byte_count < PREAMBLE || memcmp(bytes, magic, sizeof magic) != 0) return false;
  *problem = "has a .npy version that is not supported";
  if (bytes[6] < 1 || bytes[6] > 3) return false;
  size_t start = bytes[6] == 1 ? PREAMBLE : PREAMBLE + 2;
  *problem = "is cut short";
  if (byte_count < start) return false;
  size_t header_bytes = (size_t)load_component(bytes + 8, start - 8);
  if (header_bytes > byte_count - start || header_bytes >= MAX_HEADER) return false;
  static char header[MAX_HEADER];
  memcpy(header, bytes + start, header_bytes);
  header[header_bytes] = '\0';

  size_t file_bytes = 0, needed;
  const char *order = find_key(header, "'fortran_order':");
  *problem = read_descr(find_key(header, "'descr':"), wanted_dtype, &tensor->dtype, &file_bytes);
  if (!*problem) *problem = read_shape(find_key(header, "'shape':"), tensor);
  if (!*problem && (!order || (strncmp(order, "True", 4) != 0 && strncmp(order, "False", 5) != 0)))
    *problem = "has no readable order";
  if (!*problem && !tensor_set_sizes(tensor))
    *problem = "has a negative dim or more elements than memory holds";
  if (!*problem && (__builtin_mul_overflow(tensor->element_count, file_bytes, &needed) ||
                    needed != byte_count - start - header_bytes))
    *problem = "has a number of bytes that does not fit its shape";
  if (!*problem && !tensor_allocate(tensor, 0)) *problem = "does not fit in memory";
  if (*problem) return false;
  copy_elements(tensor, bytes + start + header_bytes, file_bytes, strncmp(order, "True", 4) == 0);
  return true;
}

/* The name NumPy has for the type, or that of plain bytes. */
static void npy_descr(const ElementType *type, uint32_t dtype, char descr[8]) {
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].dtype == dtype) {
      snprintf(descr, 8, "%c%s", type->bits == 8 ? '|' : '<', names[i].code);
      return;
    }
  bool is_integer = type->kind == ELEMENT_SIGNED || type->kind == ELEMENT_UNSIGNED;
  if (is_integer)
    snprintf(descr, 8, "|%c1", type->kind == ELEMENT_SIGNED ? 'i' : 'u');
  else
    snprintf(descr, 8, "%s", dtype == TYPE_BFLOAT16 ? "<V2" : "|V1");
}

static bool write_elements(FILE *file, const Tensor *tensor) {
  if (element_type(tensor->dtype)->bits >= 8)
    return tensor->byte_count == 0 || fwrite(tensor->data, tensor->byte_count, 1, file) == 1;
  for (size_t i = 0; i < tensor->element_count; ++i) {
    uint64_t code = element_type(tensor->dtype)->kind == ELEMENT_FLOAT
                        ? element_code(tensor->dtype, tensor->data, i)
                        : (uint64_t)element_integer(tensor->dtype, tensor->data, i);
    if (fputc((int)(code & 0xff), file) == EOF) return false;
  }
  return true;
}

bool tensor_write_npy(const char *path, const Tensor *tensor) {
  const ElementType *type = element_type(tensor->dtype);
  if (type->kind == ELEMENT_STRING) return report("%s: strings cannot be written as .npy", path);
  char descr[8], header[64 + 24 * MAX_RANK];
  npy_descr(type, tensor->dtype, descr);
  size_t length =
      (size_t)snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (uint32_t i = 0; i < tensor->rank; ++i)
    length += (size_t)snprintf(header + length, sizeof header - length, "%lld,%s", (long long)tensor->dims[i],
                               i + 1 < tensor->rank ? " " : "");
  length += (size_t)snprintf(header + length, sizeof header - length, "), }");
  while ((PREAMBLE + length + 1) % 64 != 0) header[length++] = ' '; /* the data starts 64-byte aligned */
  header[length++] = '\n';
  unsigned char preamble[PREAMBLE];
  memcpy(preamble, magic, sizeof magic);
  preamble[6] = 1;
  preamble[7] = 0;
  preamble[8] = (unsigned char)(length & 0xff);
  preamble[9] = (unsigned char)(length >> 8);
  FILE *file = fopen(path, "wb");
  if (!file) return report("%s: %s", path, strerror(errno));
  bool ok = fwrite(preamble, sizeof preamble, 1, file) == 1 && fwrite(header, length, 1, file) == 1 &&
            write_elements(file, tensor);
  if (fclose(file) != 0) ok = false;
  return ok || report("%s: cannot be written", path);
}
