/* SPDX-License-Identifier: Apache-2.0 */
/* Imports a model and lists what came out, one line each, for the scripts that test the importer:
     import_model [--dim NAME=VALUE]... MODEL
   Constants come with their dense bytes in hexadecimal, large ones with their size. The exit code is 1 after
   an error. */
#include "base/text.h"
#include "onnx_import.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIN_LIMIT = 16, SHOWN_BYTES = 65536 };

static void print_value(const char *what, const char *name, const Type *type) {
  Text text = {0};
  type_print_onnx(&text, type);
  printf("%s %s %s", what, name ? name : "-", text_string(&text));
  text_free(&text);
}

static void print_blob(const Blob *blob) {
  putchar(' ');
  if (blob->element == ELEMENT_STRING) {
    for (int64_t i = 0; i < blob->element_count; i++) printf("%s;", blob->strings[i]);
    return;
  }
  if (blob->byte_count > SHOWN_BYTES) {
    printf("%llu bytes", (unsigned long long)blob->byte_count);
    return;
  }
  uint8_t *dense = malloc(blob->byte_count + 1);
  if (!dense) abort();
  blob_read(blob, dense);
  for (uint64_t i = 0; i < blob->byte_count; i++) printf("%02x", dense[i]);
  free(dense);
}

/* Those of its regions behind each node. */
static void print_nodes(const Region *region) {
  for (const Node *node = region->first; node; node = node->next) {
    if (node->kind == PRIMITIVE_CONSTANT) {
      print_value("constant", node->results[0]->name, &node->results[0]->type);
      print_blob(node_attribute(node, "value")->blob);
    } else {
      const char *name =
          node->kind == PRIMITIVE_MAP ? scalar_info(node->scalar)->name : primitive_info(node->kind)->name;
      printf("node %s %s", name, node->location.node);
    }
    putchar('\n');
    for (uint32_t i = 0; i < node->region_count; i++) print_nodes(node->regions[i]);
  }
}

static void print_module(const Module *module) {
  const Entry *entry = module->entries[0];
  printf("hash %s\n", module->source_hash);
  for (uint32_t i = 0; i < entry->body->argument_count; i++) {
    print_value("argument", entry->argument_names[i], &entry->body->arguments[i]->type);
    putchar('\n');
  }
  print_nodes(entry->body);
  for (uint32_t i = 0; i < entry->body->result_count; i++) {
    print_value("result", entry->result_names[i], &entry->body->results[i]->type);
    putchar('\n');
  }
}

int main(int argument_count, char **arguments) {
  const char *names[PIN_LIMIT];
  int64_t values[PIN_LIMIT];
  OnnxImportOptions options = {.pin_names = names, .pin_values = values};
  int at = 1;
  for (; at + 2 < argument_count && strcmp(arguments[at], "--dim") == 0; at += 2) {
    char *equals = strchr(arguments[at + 1], '=');
    if (!equals || options.pin_count == PIN_LIMIT) return 2;
    *equals = 0;
    values[options.pin_count] = strtoll(equals + 1, NULL, 10);
    names[options.pin_count++] = arguments[at + 1];
  }
  if (at + 1 != argument_count) return 2;
  Diagnostics *diagnostics = diagnostics_create(NULL, NULL);
  Module *module = onnx_import(diagnostics, arguments[at], &options);
  bool ok = module && module_verify(module, NULL);
  if (ok) print_module(module);
  diagnostics_finish(diagnostics);
  if (module) module_destroy(module);
  diagnostics_destroy(diagnostics);
  return ok ? 0 : 1;
}
