/* SPDX-License-Identifier: Apache-2.0 */
/* Single numbers in the storage form of an element type: loaded to and stored from double. */
#ifndef AICC_IR_NUMBER_H
#define AICC_IR_NUMBER_H
#include "ir/type.h"

/* False for strings, complex numbers and types below a byte. */
bool number_load(ElementType element, const void *bytes, double *value);
/* Rounds to nearest even; integers truncate and saturate, NaN gives 0. False as above. */
bool number_store(ElementType element, double value, void *bytes);
/* The nearest number of a float type below 32 bits, halves to even; beyond it infinity. */
double number_round(ElementType element, double value);
uint16_t number_f16_bits(double value);
double number_from_f16(uint16_t bits);
#endif
