/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials of the 32-bit math kernels, written by fit_coefficients.py: do not edit.
   Each is Horner's rule over a variable that must be a plain name; K makes a constant of the lane type. */
/* clang-format off */
#define AICC_POLY_EXP_32(x) \
  (((((K(0x1.a111e80000000p-13) \
   * (x) + K(0x1.6d443e0000000p-10)) \
   * (x) + K(0x1.1110ea0000000p-7)) \
   * (x) + K(0x1.5554e80000000p-5)) \
   * (x) + K(0x1.5555560000000p-3)) \
   * (x) + K(0x1.0000000000000p-1))
#define AICC_POLY_TANH_32(x) \
  (((((K(0x1.2c1b1c0000000p-9) \
   * (x) + K(-0x1.1152f60000000p-7)) \
   * (x) + K(0x1.64a5ee0000000p-6)) \
   * (x) + K(-0x1.ba088e0000000p-5)) \
   * (x) + K(0x1.1110e80000000p-3)) \
   * (x) + K(-0x1.5555560000000p-2))
#define AICC_POLY_SINH_32(x) \
  (((K(0x1.78a70e0000000p-19) \
   * (x) + K(0x1.a009000000000p-13)) \
   * (x) + K(0x1.11111e0000000p-7)) \
   * (x) + K(0x1.5555560000000p-3))
#define AICC_POLY_ASIN_32(x) \
  (((((K(0x1.13fed40000000p-5) \
   * (x) + K(0x1.18f91e0000000p-6)) \
   * (x) + K(0x1.fd8da20000000p-6)) \
   * (x) + K(0x1.6d5bba0000000p-5)) \
   * (x) + K(0x1.3334300000000p-4)) \
   * (x) + K(0x1.5555540000000p-3))
#define AICC_POLY_ATAN_32(x) \
  (((((((((K(0x1.86406c0000000p-10) \
   * (x) + K(-0x1.2ba6b60000000p-7)) \
   * (x) + K(0x1.aefb2c0000000p-6)) \
   * (x) + K(-0x1.9115a40000000p-5)) \
   * (x) + K(0x1.2006f80000000p-4)) \
   * (x) + K(-0x1.6dd8fe0000000p-4)) \
   * (x) + K(0x1.c62cda0000000p-4)) \
   * (x) + K(-0x1.2489520000000p-3)) \
   * (x) + K(0x1.9999560000000p-3)) \
   * (x) + K(-0x1.5555560000000p-2))
#define AICC_POLY_ASINH_32(x) \
  (((((K(0x1.4599700000000p-7) \
   * (x) + K(-0x1.504f9c0000000p-6)) \
   * (x) + K(0x1.ee142e0000000p-6)) \
   * (x) + K(-0x1.6d9bf00000000p-5)) \
   * (x) + K(0x1.3332ea0000000p-4)) \
   * (x) + K(-0x1.5555560000000p-3))
#define AICC_POLY_SIN_32(x) \
  (((K(0x1.6dbcb20000000p-19) \
   * (x) + K(-0x1.a013a40000000p-13)) \
   * (x) + K(0x1.11110e0000000p-7)) \
   * (x) + K(-0x1.5555560000000p-3))
#define AICC_POLY_COS_32(x) \
  ((K(0x1.9bd73a0000000p-16) \
   * (x) + K(-0x1.6c12d00000000p-10)) \
   * (x) + K(0x1.5555540000000p-5))
#define AICC_POLY_ERF_32(x) \
  ((((((K(0x1.4a56900000000p-14) \
   * (x) + K(-0x1.a450880000000p-11)) \
   * (x) + K(0x1.5412700000000p-8)) \
   * (x) + K(-0x1.b7faba0000000p-6)) \
   * (x) + K(0x1.ce2d100000000p-4)) \
   * (x) + K(-0x1.81273e0000000p-2)) \
   * (x) + K(0x1.06eba80000000p-3))
#define AICC_POLY_LOG_32(x) \
  ((((((((K(0x1.1db0fc0000000p-4) \
   * (x) + K(-0x1.d6670a0000000p-4)) \
   * (x) + K(0x1.dead4e0000000p-4)) \
   * (x) + K(-0x1.fcef3a0000000p-4)) \
   * (x) + K(0x1.23d1520000000p-3)) \
   * (x) + K(-0x1.555b5e0000000p-3)) \
   * (x) + K(0x1.999d600000000p-3)) \
   * (x) + K(-0x1.fffffc0000000p-3)) \
   * (x) + K(0x1.5555540000000p-2))
#define AICC_POLY_LOG_ERFC_32(x) \
  ((((((((K(0x1.b765220000000p-20) \
   * (x) + K(-0x1.8251ca0000000p-15)) \
   * (x) + K(0x1.38e0640000000p-11)) \
   * (x) + K(-0x1.37e9be0000000p-8)) \
   * (x) + K(0x1.b0e0400000000p-6)) \
   * (x) + K(-0x1.c2e27e0000000p-4)) \
   * (x) + K(-0x1.437ed00000000p-1)) \
   * (x) + K(-0x1.2156f20000000p+0)) \
   * (x) + K(0x1.4f93580000000p-12))
#define AICC_POLY_ERFCX_CONSTANT_32 0x1.0586720000000p+0
#define AICC_POLY_ERFCX_32(x) \
  (((((((((K(0x1.0d163e0000000p-14) \
   * (x) + K(0x1.4ab9300000000p-15)) \
   * (x) + K(-0x1.343c4a0000000p-11)) \
   * (x) + K(-0x1.afb2e60000000p-11)) \
   * (x) + K(0x1.9143ba0000000p-9)) \
   * (x) + K(0x1.a82dda0000000p-8)) \
   * (x) + K(-0x1.6059200000000p-6)) \
   * (x) + K(-0x1.2a86e20000000p-5)) \
   * (x) + K(0x1.1e2dd80000000p-2)) \
   * (x) + K(-0x1.5fd3880000000p-1))
#define AICC_POLY_POW_LOG2_32(x) \
  (((((KW(0x1.21af101c073efp-2) \
   * (x) + KW(0x1.47957ca53fbd6p-2)) \
   * (x) + KW(0x1.a61a2db52464ap-2)) \
   * (x) + KW(0x1.2776c294d1dbap-1)) \
   * (x) + KW(0x1.ec709dc53ace3p-1)) \
   * (x) + KW(0x1.71547652b8252p+1))
#define AICC_POLY_POW_EXP2_32(x) \
  (((((((KW(0x1.00c0fb54e0f1cp-16) \
   * (x) + KW(0x1.446c9e668735ep-13)) \
   * (x) + KW(0x1.5d87757c238f2p-10)) \
   * (x) + KW(0x1.3b29d88d75aa5p-7)) \
   * (x) + KW(0x1.c6b08da71da60p-5)) \
   * (x) + KW(0x1.ebfbe0aa3a945p-3)) \
   * (x) + KW(0x1.62e42fef9cc3cp-1)) \
   * (x) + KW(0x1.ffffffffa6eedp-1))
/* clang-format on */
