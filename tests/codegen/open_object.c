/* SPDX-License-Identifier: Apache-2.0 */
/* An object that needs a symbol, for test_object_check.c. */
float of_another_object(float x);
float calls_it(float x);
float calls_it(float x) {
  return of_another_object(x) + 1;
}
