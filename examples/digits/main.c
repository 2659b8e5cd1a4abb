/* SPDX-License-Identifier: Apache-2.0 */
/* Reads handwritten digits with a compiled model. digits.h and digits.o come from
     aicc digits.onnx -o digits.o
   and are all there is: no library, no allocation, no file to load at run time. */
#include "digits.h"
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* All the memory the model needs while it runs. Its size and alignment are in the header. */
static alignas(DIGITS_WORKSPACE_ALIGN) unsigned char workspace[DIGITS_WORKSPACE_BYTES];

enum { MAX_IMAGES = 1000 };

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : "test_images.bin";
  FILE *file = fopen(path, "rb");
  if (!file) return perror(path), 1;

  unsigned char record[65]; /* an image of 8 x 8 pixels, each 0..16, and the digit it shows */
  static double microseconds[MAX_IMAGES];
  int count = 0, right = 0;
  while (count < MAX_IMAGES && fread(record, sizeof record, 1, file) == 1) {
    float image[64], probabilities[10];
    for (int i = 0; i < 64; ++i) image[i] = (float)record[i] / 16;

    struct timespec start, end;
    timespec_get(&start, TIME_UTC);
    digits_inputs in = {.image = image};
    digits_outputs out = {.probabilities = probabilities};
    aicc_status status = digits_run(&in, &out, workspace, sizeof workspace, NULL);
    timespec_get(&end, TIME_UTC);
    if (status != AICC_OK) return fprintf(stderr, "digits_run: status %d\n", (int)status), 1;

    microseconds[count++] =
        (double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3;
    int best = 0;
    for (int i = 1; i < 10; ++i)
      if (probabilities[i] > probabilities[best]) best = i;
    right += best == record[64];

    if (count == 1) { /* show the first one */
      for (int i = 0; i < 64; ++i) printf("%c%s", " .:-=+*#%@@@@@@@@"[record[i]], i % 8 == 7 ? "\n" : "");
      printf("looks like a %d (%.1f %%)\n", best, 100 * (double)probabilities[best]);
    }
  }
  fclose(file);
  if (count == 0) return fprintf(stderr, "%s: no images\n", path), 1;

  qsort(microseconds, (size_t)count, sizeof *microseconds, compare_doubles);
  printf("%d images, accuracy %.1f %%\n", count, 100.0 * right / count);
  printf("median latency %.1f us, workspace %zu bytes\n", microseconds[count / 2], sizeof workspace);
  return 0;
}
