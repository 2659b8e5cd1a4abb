/* SPDX-License-Identifier: Apache-2.0 */
/* An object that needs nothing, for test_object_check.c. */
float needs_nothing(float x);
float needs_nothing(float x) {
  return x + 1;
}
