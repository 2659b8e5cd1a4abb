/* SPDX-License-Identifier: Apache-2.0 */
/* aicc-bench: measures contenders side by side in one process and prints one line of JSON. What is in a line,
   and what it means, is for run.py. */
#include "measure.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONTENDERS = 8 };

static const char usage[] =
    "usage: aicc-bench [options] CONTENDER...\n"
    "       aicc-bench [--threads N] --roof\n"
    "Options, before the first contender:\n"
    "  --threads N        threads of every contender (1)\n"
    "  --rounds N         rounds (7)\n"
    "  --seconds S        time of a turn (0.2)\n"
    "  --rtol R --atol A  how far outputs may lie from the expected ones (1e-3, 1e-4)\n"
    "Contenders; DATA is a folder with input_*, output_* and, for a layer, weights_0:\n"
    "  --compiled LABEL OBJECT DATA\n"
    "  --ort LABEL LIBRARY MODEL DATA\n"
    "  --onednn LABEL LAYER DATA\n"
    "  --openblas LABEL LAYER DATA\n"
    "  --fma-roof LABEL\n"
    "  --read-roof LABEL BYTES\n"
    "LAYER: matmul:ROWS,OUTPUTS,CHANNELS or conv:CHANNELS,HEIGHT,WIDTH,OUTPUTS,KERNEL,STRIDE,PAD,GROUPS\n"
    "Exit code 0: all ran and are right; 1: one did not or is not, it was not timed; 2: usage.\n";

typedef struct Setting {
  int thread_count;
  double relative_tolerance, absolute_tolerance;
  MeasurePlan plan;
  aicc_pool *pool;
} Setting;

/* The sets are held here because contenders refer to them. */
typedef struct Field {
  size_t count;
  Contender contenders[MAX_CONTENDERS];
  TensorSet sets[MAX_CONTENDERS];
  double largest[MAX_CONTENDERS]; /* difference from the expected outputs */
  size_t wrong_count;
  const char *wrong[MAX_CONTENDERS]; /* labels of those that failed or gave a wrong result */
} Field;

bool layer_parse(const char *text, Layer *layer) {
  long long v[8];
  int end = 0;
  *layer = (Layer){.kernel = 1, .stride = 1, .groups = 1};
  if (sscanf(text, "matmul:%lld,%lld,%lld%n", &v[0], &v[1], &v[2], &end) == 3 && !text[end]) {
    layer->rows = v[0];
    layer->outputs = v[1];
    layer->channels = v[2];
    return true;
  }
  if (sscanf(text, "conv:%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
             &v[6], &v[7], &end) != 8 ||
      text[end])
    return report("%s is not a layer", text);
  *layer = (Layer){.is_convolution = true,
                   .channels = v[0],
                   .height = v[1],
                   .width = v[2],
                   .outputs = v[3],
                   .kernel = v[4],
                   .stride = v[5],
                   .pad = v[6],
                   .groups = v[7]};
  return layer->stride > 0 && layer->groups > 0 ? true : report("%s is not a layer", text);
}

/* Words of an option after it, or -1 for what is no contender. */
static int word_count(const char *option) {
  static const struct {
    const char *option;
    int words;
  } all[] = {{"--compiled", 3}, {"--ort", 4},      {"--onednn", 3},
             {"--openblas", 3}, {"--fma-roof", 1}, {"--read-roof", 2}};
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
    if (strcmp(option, all[i].option) == 0) return all[i].words;
  return -1;
}

static bool create(const Setting *setting, const char *option, char **words, TensorSet *set,
                   Contender *contender) {
  Layer layer;
  if (strcmp(option, "--fma-roof") == 0) return roof_multiply_add_create(setting->pool, contender);
  if (strcmp(option, "--read-roof") == 0)
    return roof_read_create(setting->pool, strtoull(words[1], NULL, 10), contender);
  if (!tensor_set_read(words[word_count(option) - 1], set)) return false;
  if (strcmp(option, "--compiled") == 0) return compiled_create(words[1], set, setting->pool, contender);
  if (strcmp(option, "--ort") == 0)
    return ort_create(words[1], words[2], set, setting->thread_count, contender);
  if (set->input_count != 1 || set->output_count != 1 || set->weights.dtype != TYPE_FLOAT ||
      set->inputs[0].dtype != TYPE_FLOAT || set->outputs[0].dtype != TYPE_FLOAT)
    return report("%s: not the data of a float32 layer", words[2]);
  if (!layer_parse(words[1], &layer)) return false;
  if (strcmp(option, "--onednn") == 0) return onednn_create(&layer, set, contender);
  return openblas_create(&layer, set, setting->thread_count, contender);
}

/* One run, compared with what is expected. */
static bool check(const Setting *setting, const Contender *contender, const TensorSet *set, double *largest) {
  *largest = 0;
  if (!contender->call(contender->state)) return false;
  for (size_t i = 0; i < contender->output_count; ++i) {
    double difference;
    if (!tensors_agree(contender->label, &contender->outputs[i], &set->outputs[i],
                       setting->relative_tolerance, setting->absolute_tolerance, &difference))
      return false;
    if (difference > *largest) *largest = difference;
  }
  return true;
}

/* Sets up and checks the contenders of the command line; those that fail go to field->wrong. */
static void gather(const Setting *setting, char **arguments, Field *field) {
  for (; *arguments; arguments += word_count(*arguments) + 1) {
    Contender *contender = &field->contenders[field->count];
    TensorSet *set = &field->sets[field->count];
    *contender = (Contender){.label = arguments[1]};
    bool created = create(setting, arguments[0], arguments + 1, set, contender);
    if (created && check(setting, contender, set, &field->largest[field->count])) {
      ++field->count;
      continue;
    }
    report("%s is not timed", arguments[1]);
    field->wrong[field->wrong_count++] = arguments[1];
    if (created) contender->destroy(contender->state);
    tensor_set_free(set);
  }
}

static void print_results(const Field *field, const Measurement *measurements, unsigned round_count) {
  const char *separator = "{";
  for (size_t i = 0; i < field->wrong_count; ++i, separator = ", ")
    printf("%s\"%s\": {\"right\": false}", separator, field->wrong[i]);
  for (size_t i = 0; i < field->count; ++i, separator = ", ") {
    const Contender *contender = &field->contenders[i];
    printf("%s\"%s\": {\"right\": true, \"version\": \"%s\", \"largest_difference\": %.3g, \"work\": %.0f, "
           "\"calls\": %zu, \"least_us\": %.4f, \"rounds_us\": [",
           separator, contender->label, contender->version ? contender->version : "", field->largest[i],
           contender->work, measurements[i].call_count, measurements[i].least_us);
    for (unsigned round = 0; round < round_count; ++round)
      printf("%s%.4f", round ? ", " : "", measurements[i].round_us[round]);
    printf("]}");
  }
  puts("}");
}

static bool run(const Setting *setting, char **arguments) {
  static Field field; /* large: off the stack */
  static Measurement measurements[MAX_CONTENDERS];
  gather(setting, arguments, &field);
  bool ok = measure_rounds(field.contenders, field.count, &setting->plan, measurements);
  if (ok) print_results(&field, measurements, setting->plan.round_count);
  for (size_t i = 0; i < field.count; ++i) {
    field.contenders[i].destroy(field.contenders[i].state);
    tensor_set_free(&field.sets[i]);
  }
  return ok && field.wrong_count == 0;
}

/* Takes the options before the first contender and checks the words of the contenders. Null: usage. */
static char **read_options(char **arguments, Setting *setting, bool *roof_only) {
  size_t contender_count = 0;
  for (; *arguments && word_count(*arguments) < 0; ++arguments) {
    const char *option = *arguments;
    if (strcmp(option, "--roof") == 0) {
      *roof_only = true;
      continue;
    }
    if (!arguments[1]) return NULL;
    const char *value = *++arguments;
    if (strcmp(option, "--threads") == 0)
      setting->thread_count = atoi(value);
    else if (strcmp(option, "--rounds") == 0)
      setting->plan.round_count = (unsigned)atoi(value);
    else if (strcmp(option, "--seconds") == 0)
      setting->plan.seconds = atof(value);
    else if (strcmp(option, "--rtol") == 0)
      setting->relative_tolerance = atof(value);
    else if (strcmp(option, "--atol") == 0)
      setting->absolute_tolerance = atof(value);
    else
      return NULL;
  }
  for (char **at = arguments; *at; ++contender_count) {
    int words = word_count(*at);
    if (words < 0 || contender_count == MAX_CONTENDERS) return NULL;
    for (++at; words > 0; --words, ++at)
      if (!*at) return NULL;
  }
  bool valid = setting->thread_count > 0 && setting->plan.round_count > 0 &&
               setting->plan.round_count <= MAX_ROUNDS && setting->plan.seconds >= 0;
  return valid && *roof_only == (contender_count == 0) ? arguments : NULL;
}

int main(int argument_count, char **arguments) {
  Setting setting = {.thread_count = 1,
                     .relative_tolerance = 1e-3,
                     .absolute_tolerance = 1e-4,
                     .plan = {.round_count = 7, .seconds = 0.2}};
  bool roof_only = false;
  if (argument_count == 2 && strcmp(arguments[1], "--help") == 0) return fputs(usage, stdout), 0;
  char **contenders = read_options(arguments + 1, &setting, &roof_only);
  if (!contenders) return fputs(usage, stderr), 2;
  omp_set_num_threads(setting.thread_count); /* oneDNN's threads */
  setting.pool = aicc_pool_create((uint32_t)setting.thread_count);
  if (!setting.pool) return report("cannot start %d threads", setting.thread_count), 1;
  bool ok = roof_only ? roof_print(setting.pool) : run(&setting, contenders);
  aicc_pool_destroy(setting.pool);
  return ok ? 0 : 1;
}
