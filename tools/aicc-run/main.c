/* SPDX-License-Identifier: Apache-2.0 */
/* aicc-run: runs a model, the very object that a product would link, on given or random inputs; compares,
   benchmarks, hashes. */
#include "model.h"
#include "session.h"

int main(int argc, char **argv) {
  Options options;
  int code = options_parse(argc, argv, &options);
  if (code >= 0) return code;
  aicc_library *library = model_open(&options);
  if (!library) return EXIT_FAILED;
  code = EXIT_FAILED;
  const aicc_entry *entry = model_find_entry(aicc_library_model(library), &options);
  if (!entry) {
    if (options.entry) code = EXIT_USAGE;
  } else if (session_check_entry(entry)) {
    Session session;
    if (session_create(&session, &options, entry)) {
      guarded_buffers_explain_faults();
      code = session_prepare(&session);
      if (code < 0) code = session_run(&session);
    }
    session_destroy(&session);
  }
  aicc_library_close(library);
  if (fflush(stdout) != 0 || ferror(stdout)) code = EXIT_FAILED;
  return code;
}
