/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in memory, in the layout of a compiled model's inputs and outputs, and the files they come from. */
#ifndef AICC_RUN_TENSOR_H
#define AICC_RUN_TENSOR_H
#include "element.h"

enum { MAX_RANK = 64 }; /* far above what any model has; bounds what a damaged file can ask for */

typedef struct Tensor {
  uint32_t dtype;
  uint32_t rank;
  int64_t dims[MAX_RANK];
  size_t element_count, byte_count;
  void *data; /* null when there are no elements; strings: their bytes follow in the same block */
} Tensor;

/* Sets element_count and byte_count from dtype, rank and dims. False when a dim is negative or the size does
   not fit an address space. */
bool tensor_set_sizes(Tensor *tensor);

/* Allocates zeroed data for the sizes set, and extra bytes after it. False when memory runs out. */
bool tensor_allocate(Tensor *tensor, size_t extra_bytes);
void tensor_free(Tensor *tensor);

/* Prints the type, as in float32[1,10]. */
void tensor_print_type(FILE *file, uint32_t dtype, uint32_t rank, const int64_t *dims);

/* Decodes a serialised ONNX TensorProto. On failure *problem says what is wrong. The caller frees the tensor.
 */
bool tensor_decode_pb(const unsigned char *bytes, size_t byte_count, Tensor *tensor, const char **problem);

/* Decodes a NumPy .npy file (versions 1 to 3, little-endian, either order). wanted_dtype says what elements
   that NumPy has no type for (bfloat16, 8-bit floats; 2- and 4-bit types, one per byte) are; otherwise the
   file's own type counts. */
bool tensor_decode_npy(const unsigned char *bytes, size_t byte_count, uint32_t wanted_dtype, Tensor *tensor,
                       const char **problem);

/* Writes a .npy file, version 1. Types unknown to NumPy are written as tensor_decode_npy reads them. False,
   with a report, when it cannot be written. */
bool tensor_write_npy(const char *path, const Tensor *tensor);

typedef enum FileResult { FILE_READ, FILE_ABSENT, FILE_FAILED } FileResult;

/* Reads tensor `index` of a folder: ROLE_index.pb, ROLE_index.npy, NAME.npy or NAME.pb, the first that
   exists. ROLE is "input" or "output"; characters of NAME outside [A-Za-z0-9_.-] stand as _. Reports a
   failure. */
FileResult tensor_read(const char *folder, const char *role, uint32_t index, const char *name,
                       uint32_t wanted_dtype, Tensor *tensor);

/* Whether the folder has a ROLE_index.pb or ROLE_index.npy. */
bool tensor_file_exists(const char *folder, const char *role, uint32_t index);

/* Fills a tensor whose sizes are set with values that depend on the seed alone: floats uniform in [-1,1) (8
   and 4 bits: any finite value in there), integers 0 to 3 (2 bits: 0 and 1), so that they serve as indices
   too. */
bool tensor_fill_random(Tensor *tensor, uint64_t seed);

/* Prints "PROGRAM: ...", a line, to standard error, and returns false for the caller to pass on. */
__attribute__((format(printf, 1, 2))) bool report(const char *format, ...);

#endif
