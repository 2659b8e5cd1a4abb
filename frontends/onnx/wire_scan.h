/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a model's bytes before protobuf-c sees them. protobuf-c recurses without limit, allocates
   some hundred bytes for an empty message of two, and copies every payload. So the scan checks the wire
   format against protobuf-c's own descriptors, bounds nesting and memory, and writes a reduced model in which
   tensors hold references to their values in place of the values. */
#ifndef AICC_ONNX_WIRE_SCAN_H
#define AICC_ONNX_WIRE_SCAN_H
#include "base/diagnostics.h"
#include "base/text.h"

typedef enum PayloadLayout {
  PAYLOAD_CONTIGUOUS, /* one run of bytes */
  PAYLOAD_SCATTERED,  /* several runs or single numbers: read the tensor's message again */
  PAYLOAD_CONFLICT    /* values in more than one field */
} PayloadLayout;

/* Where a tensor's values are. In the reduced model, raw_data of a tensor with values is one of these (host
   byte order, unaligned); a tensor without values has no raw_data. */
typedef struct PayloadReference {
  uint64_t offset,
      length; /* in the model's bytes: of the values, or of the tensor's message where scattered */
  uint64_t element_count; /* numbers in the field; of raw_data: bytes */
  uint32_t field;         /* its number in TensorProto */
  uint32_t layout;        /* PayloadLayout */
} PayloadReference;

/* Scans a serialised ModelProto. Appends the reduced model to `reduced` (the caller frees it) and gives the
   number of bytes that are not tensor values; reports and returns false when the bytes are no model or would
   need more memory than their structure justifies: 64 MB + 64 times that number for the whole import. */
bool wire_scan(Diagnostics *diagnostics, const Location *location, const uint8_t *bytes, size_t length,
               Text *reduced, uint64_t *structure_byte_count);
#endif
