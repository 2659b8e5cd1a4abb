/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares a run: the inputs, the sizes of the symbolic dims, and what is expected of the outputs. */
#include "session.h"
#include <string.h>

/* The --dim options come first, so that an input that disagrees is reported. */
static int apply_dim_options(Session *session) {
  const aicc_entry *entry = session->entry;
  for (uint32_t i = 0; i < session->options->dim_count; ++i) {
    const DimOption *option = &session->options->dims[i];
    uint32_t k = 0;
    while (k < entry->symbol_count &&
           (strlen(entry->symbols[k]) != (size_t)option->name_length ||
            strncmp(entry->symbols[k], option->text, (size_t)option->name_length) != 0))
      ++k;
    if (k == entry->symbol_count) {
      report("--dim %s: the model has no symbolic dim of this name; it has:%s", option->text,
             entry->symbol_count ? "" : " none");
      for (k = 0; k < entry->symbol_count; ++k) fprintf(stderr, "  %s\n", entry->symbols[k]);
      return EXIT_USAGE;
    }
    session->symbols[k] = option->value;
    session->symbol_known[k] = true;
  }
  return -1;
}

static void print_wanted_type(const Session *session, const aicc_value *value) {
  fprintf(stderr, "%s[", element_type(value->dtype)->name);
  for (uint32_t d = 0; d < value->rank; ++d) {
    if (d) fputc(',', stderr);
    if (value->dims[d] >= 0)
      fprintf(stderr, "%lld", (long long)value->dims[d]);
    else
      fputs(session->entry->symbols[-1 - value->dims[d]], stderr);
  }
  fputc(']', stderr);
}

static bool report_wrong_input(const Session *session, uint32_t index, const char *what) {
  const Tensor *tensor = &session->inputs[index];
  fflush(stdout);
  fprintf(stderr, "aicc-run: input %s has the wrong %s: the file has ", session->entry->inputs[index].name,
          what);
  tensor_print_type(stderr, tensor->dtype, tensor->rank, tensor->dims);
  fputs(", the model wants ", stderr);
  print_wanted_type(session, &session->entry->inputs[index]);
  fputc('\n', stderr);
  return false;
}

/* Checks an input that was read against the interface and takes the symbols' sizes from it. */
static bool bind_input(Session *session, uint32_t index) {
  const aicc_value *value = &session->entry->inputs[index];
  const Tensor *tensor = &session->inputs[index];
  if (tensor->dtype != value->dtype) return report_wrong_input(session, index, "element type");
  if (tensor->rank != value->rank) return report_wrong_input(session, index, "rank");
  for (uint32_t d = 0; d < value->rank; ++d) {
    if (value->dims[d] >= 0) {
      if (value->dims[d] != tensor->dims[d]) return report_wrong_input(session, index, "shape");
      continue;
    }
    int64_t k = -1 - value->dims[d];
    if (session->symbol_known[k] && session->symbols[k] != tensor->dims[d])
      return report("input %s: dim %u is %lld, but `%s` is %lld elsewhere", value->name, (unsigned)d,
                    (long long)tensor->dims[d], session->entry->symbols[k], (long long)session->symbols[k]);
    session->symbols[k] = tensor->dims[d];
    session->symbol_known[k] = true;
  }
  return true;
}

/* Reads the inputs that have a file. *missing is whether others remain, to be random. */
static bool read_inputs(Session *session, bool *missing) {
  const Options *options = session->options;
  *missing = false;
  for (uint32_t i = 0; i < session->entry->input_count; ++i) {
    const aicc_value *value = &session->entry->inputs[i];
    FileResult result = FILE_ABSENT;
    if (options->data_folder)
      result = tensor_read(options->data_folder, "input", i, value->name, value->dtype, &session->inputs[i]);
    if (result == FILE_FAILED) return false;
    if (result == FILE_READ) {
      if (!bind_input(session, i)) return false;
      continue;
    }
    if (options->data_folder && !options->is_random)
      return report("input %s: no input_%u.pb or .npy in %s (--random SEED would make one up)", value->name,
                    (unsigned)i, options->data_folder);
    *missing = true;
  }
  if (options->data_folder && tensor_file_exists(options->data_folder, "input", session->entry->input_count))
    report("note: %s has input_%u, but the model has %u inputs", options->data_folder,
           (unsigned)session->entry->input_count, (unsigned)session->entry->input_count);
  return true;
}

/* Symbols that neither an input nor --dim has said: 1, if nothing was read that should have said it. */
static bool settle_symbols(Session *session, bool inputs_missing) {
  for (uint32_t k = 0; k < session->entry->symbol_count; ++k) {
    if (session->symbol_known[k]) continue;
    const char *name = session->entry->symbols[k];
    if (session->options->data_folder && !inputs_missing)
      return report("no input says the size of `%s`: give --dim %s=SIZE", name, name);
    report("note: `%s` is taken as 1 (--dim %s=SIZE sets it)", name, name);
    session->symbols[k] = 1;
    session->symbol_known[k] = true;
  }
  return true;
}

static bool make_random_input(Session *session, uint32_t index) {
  const aicc_value *value = &session->entry->inputs[index];
  Tensor *tensor = &session->inputs[index];
  tensor->dtype = value->dtype;
  tensor->rank = value->rank;
  for (uint32_t d = 0; d < value->rank; ++d)
    tensor->dims[d] = value->dims[d] >= 0 ? value->dims[d] : session->symbols[-1 - value->dims[d]];
  if (!tensor_set_sizes(tensor)) return report("input %s: its dims are too large", value->name);
  /* A seed of its own for each, far from the next seed's: neighbours must not share values. */
  uint64_t seed =
      session->options->seed * UINT64_C(0xd1342543de82ef95) + index * UINT64_C(0x2545f4914f6cdd1d);
  return tensor_fill_random(tensor, seed) || report("input %s: no memory", value->name);
}

static bool place_input(Session *session, uint32_t index) {
  const Tensor *tensor = &session->inputs[index];
  GuardedBuffer *buffer = &session->input_buffers[index];
  if (!guarded_buffer_create(buffer, "input", session->entry->inputs[index].name, tensor->byte_count,
                             element_type(tensor->dtype)->alignment, session->options->misalign))
    return false;
  if (tensor->byte_count) memcpy(buffer->data, tensor->data, tensor->byte_count);
  guarded_buffer_make_read_only(buffer);
  return true;
}

static bool read_expected(Session *session) {
  const char *folder = session->options->data_folder;
  bool ok = true;
  for (uint32_t i = 0; i < session->entry->output_count; ++i) {
    const aicc_value *value = &session->entry->outputs[i];
    FileResult result = tensor_read(folder, "output", i, value->name, value->dtype, &session->expected[i]);
    if (result == FILE_ABSENT)
      report("output %s: no output_%u.pb or .npy in %s", value->name, (unsigned)i, folder);
    ok = ok && result == FILE_READ;
  }
  if (tensor_file_exists(folder, "output", session->entry->output_count))
    ok = report("%s has output_%u, but the model has %u outputs", folder,
                (unsigned)session->entry->output_count, (unsigned)session->entry->output_count);
  return ok;
}

int session_prepare(Session *session) {
  bool missing = false;
  int code = apply_dim_options(session);
  if (code >= 0) return code;
  if (!read_inputs(session, &missing) || !settle_symbols(session, missing)) return EXIT_FAILED;
  for (uint32_t i = 0; i < session->entry->input_count; ++i) {
    /* Only an input without a file has no element type yet. */
    if (session->inputs[i].dtype == 0 && !make_random_input(session, i)) return EXIT_FAILED;
    if (!place_input(session, i)) return EXIT_FAILED;
  }
  if (session->options->data_folder && !session->options->skip_compare && !read_expected(session))
    return EXIT_FAILED;
  return -1;
}
