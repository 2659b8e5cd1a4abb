/* SPDX-License-Identifier: Apache-2.0 */
/* Polynomials of the 64-bit math kernels, written by fit_coefficients.py: do not edit.
   Each is Horner's rule over a variable that must be a plain name; K makes a constant of the lane type. */
/* clang-format off */
#define AICC_POLY_EXP_64(x) \
  ((((((((((K(0x1.1f63f13b5d83ap-29) \
   * (x) + K(0x1.af4ec4920cefbp-26)) \
   * (x) + K(0x1.27e4e39985b7dp-22)) \
   * (x) + K(0x1.71de01c815bddp-19)) \
   * (x) + K(0x1.a01a01a3c0c11p-16)) \
   * (x) + K(0x1.a01a01ac09554p-13)) \
   * (x) + K(0x1.6c16c16c16a55p-10)) \
   * (x) + K(0x1.111111111009ep-7)) \
   * (x) + K(0x1.5555555555555p-5)) \
   * (x) + K(0x1.5555555555557p-3)) \
   * (x) + K(0x1.0000000000000p-1))
#define AICC_POLY_TANH_64(x) \
  (((((((((((K(0x1.b2075f09d1ecbp-18) \
   * (x) + K(-0x1.056df3228941fp-15)) \
   * (x) + K(0x1.8422fd30eed15p-14)) \
   * (x) + K(-0x1.f23ae0292a26ap-13)) \
   * (x) + K(0x1.35263edb7114cp-11)) \
   * (x) + K(-0x1.7d9f5e2d250d9p-10)) \
   * (x) + K(0x1.d6d399cfe1138p-9)) \
   * (x) + K(-0x1.226e346e6d582p-7)) \
   * (x) + K(0x1.664f487dea923p-6)) \
   * (x) + K(-0x1.ba1ba1ba0eb2ep-5)) \
   * (x) + K(0x1.11111111110a4p-3)) \
   * (x) + K(-0x1.5555555555555p-2))
#define AICC_POLY_SINH_64(x) \
  ((((((K(0x1.b41232cf9950fp-41) \
   * (x) + K(0x1.611cb330c1fe8p-33)) \
   * (x) + K(0x1.ae6460fae3728p-26)) \
   * (x) + K(0x1.71de3a4e14f40p-19)) \
   * (x) + K(0x1.a01a01a01ee70p-13)) \
   * (x) + K(0x1.11111111110fdp-7)) \
   * (x) + K(0x1.5555555555555p-3))
#define AICC_POLY_ASIN_64(x) \
  ((((((((((((K(0x1.d72b2bc8155f8p-6) \
   * (x) + K(-0x1.e6aaa8a0a04ccp-7)) \
   * (x) + K(0x1.1d189408314eep-6)) \
   * (x) + K(0x1.65a9c4dfcf8b2p-8)) \
   * (x) + K(0x1.52420b04b37bep-7)) \
   * (x) + K(0x1.782651caa6547p-7)) \
   * (x) + K(0x1.c9cf07674736ap-7)) \
   * (x) + K(0x1.1c4d35cf95421p-6)) \
   * (x) + K(0x1.6e8bb1c8209a2p-6)) \
   * (x) + K(0x1.f1c71c1db0623p-6)) \
   * (x) + K(0x1.6db6db6e31f13p-5)) \
   * (x) + K(0x1.3333333332ecap-4)) \
   * (x) + K(0x1.5555555555556p-3))
#define AICC_POLY_ATAN_64(x) \
  ((((((((((((((((((((K(-0x1.8d087295ab9f4p-17) \
   * (x) + K(0x1.1f0adb240a1fbp-13)) \
   * (x) + K(-0x1.8a2f3ae537bb1p-11)) \
   * (x) + K(0x1.57cc888719aa0p-9)) \
   * (x) + K(-0x1.aef1a8e977bf8p-8)) \
   * (x) + K(0x1.a1fe88baf72d4p-7)) \
   * (x) + K(-0x1.4b974a27ac39fp-6)) \
   * (x) + K(0x1.c3ac54a572735p-6)) \
   * (x) + K(-0x1.147b2825d82f6p-5)) \
   * (x) + K(0x1.3d3f26d5ea7ffp-5)) \
   * (x) + K(-0x1.60ebd1489b946p-5)) \
   * (x) + K(0x1.854a7b99af61dp-5)) \
   * (x) + K(-0x1.af00bd568a3d2p-5)) \
   * (x) + K(0x1.e1dc0d7679adcp-5)) \
   * (x) + K(-0x1.1110bfea8ed5ep-4)) \
   * (x) + K(0x1.3b13aaf4aba4ap-4)) \
   * (x) + K(-0x1.745d16f26d0a3p-4)) \
   * (x) + K(0x1.c71c71c472843p-4)) \
   * (x) + K(-0x1.249249248c7dap-3)) \
   * (x) + K(0x1.99999999998f9p-3)) \
   * (x) + K(-0x1.5555555555555p-2))
#define AICC_POLY_ASINH_64(x) \
  (((((((((((K(0x1.ee3fd77d44d42p-10) \
   * (x) + K(-0x1.4733e5158e0e1p-8)) \
   * (x) + K(0x1.f38921b605d54p-8)) \
   * (x) + K(-0x1.3a4aeece7e69cp-7)) \
   * (x) + K(0x1.79b0dbdcdfc75p-7)) \
   * (x) + K(-0x1.c983b8d12e853p-7)) \
   * (x) + K(0x1.1c4e072f36dc7p-6)) \
   * (x) + K(-0x1.6e8b9ab4638efp-6)) \
   * (x) + K(0x1.f1c71c3bee026p-6)) \
   * (x) + K(-0x1.6db6db6d5b365p-5)) \
   * (x) + K(0x1.3333333332f5fp-4)) \
   * (x) + K(-0x1.5555555555555p-3))
#define AICC_POLY_SIN_64(x) \
  ((((((K(-0x1.ab16b8fafceaap-41) \
   * (x) + K(0x1.61217d2b0ba7bp-33)) \
   * (x) + K(-0x1.ae64541066c0ep-26)) \
   * (x) + K(0x1.71de3a545f383p-19)) \
   * (x) + K(-0x1.a01a01a01992dp-13)) \
   * (x) + K(0x1.1111111111110p-7)) \
   * (x) + K(-0x1.5555555555555p-3))
#define AICC_POLY_COS_64(x) \
  (((((K(-0x1.907ca19c2f582p-37) \
   * (x) + K(0x1.1eeb67832ff7ep-29)) \
   * (x) + K(-0x1.27e4fa16823c6p-22)) \
   * (x) + K(0x1.a01a019f4da6cp-16)) \
   * (x) + K(-0x1.6c16c16c16962p-10)) \
   * (x) + K(0x1.5555555555555p-5))
#define AICC_POLY_ERF_64(x) \
  ((((((((((((K(0x1.05ffd737fb32ep-34) \
   * (x) + K(-0x1.389d4f2641625p-30)) \
   * (x) + K(0x1.f7b4bf3b13964p-27)) \
   * (x) + K(-0x1.5f1ecb6f0764cp-23)) \
   * (x) + K(0x1.b9df224ca4b97p-20)) \
   * (x) + K(-0x1.f4d1e3183f7aep-17)) \
   * (x) + K(0x1.f9a321d5b8e1ep-14)) \
   * (x) + K(-0x1.c02db3dac435fp-11)) \
   * (x) + K(0x1.565bcd0dbaa38p-8)) \
   * (x) + K(-0x1.b82ce31284e00p-6)) \
   * (x) + K(0x1.ce2f21a042b30p-4)) \
   * (x) + K(-0x1.812746b0379e6p-2)) \
   * (x) + K(0x1.06eba8214db69p-3))
#define AICC_POLY_LOG_64(x) \
  (((((((K(0x1.0c06cf14c641bp-3) \
   * (x) + K(0x1.0fbe478772696p-3)) \
   * (x) + K(0x1.3b1c38474d3eep-3)) \
   * (x) + K(0x1.745cf8f6c9119p-3)) \
   * (x) + K(0x1.c71c72017a15cp-3)) \
   * (x) + K(0x1.2492492476ba1p-2)) \
   * (x) + K(0x1.9999999999a38p-2)) \
   * (x) + K(0x1.5555555555555p-1))
#define AICC_POLY_ERFCX_CONSTANT_64 0x1.18932bf08e154p+0
#define AICC_POLY_ERFCX_64(x) \
  (((((((((((((((((((((K(0x1.f36d8f26067d6p-31) \
   * (x) + K(-0x1.5e243bcb5bcd0p-31)) \
   * (x) + K(-0x1.055c642430266p-26)) \
   * (x) + K(0x1.d16930edb8c31p-29)) \
   * (x) + K(0x1.0a395a44d8d18p-23)) \
   * (x) + K(-0x1.534dbf9f8d75fp-24)) \
   * (x) + K(-0x1.c6596b17a2096p-21)) \
   * (x) + K(0x1.7f048f4ea1fbdp-20)) \
   * (x) + K(0x1.3b0cf5024bf2dp-18)) \
   * (x) + K(-0x1.3c7440d5e91e8p-16)) \
   * (x) + K(-0x1.e7ebd7777a24ep-19)) \
   * (x) + K(0x1.72cddbdba093ap-13)) \
   * (x) + K(-0x1.dd2843b0c3d54p-12)) \
   * (x) + K(-0x1.269b5709946d1p-12)) \
   * (x) + K(0x1.908f471ffe9afp-8)) \
   * (x) + K(-0x1.b00c0529fc336p-6)) \
   * (x) + K(0x1.38dbd2c8e8e74p-4)) \
   * (x) + K(-0x1.645fd8a4c08c6p-3)) \
   * (x) + K(0x1.52cac23710011p-2)) \
   * (x) + K(-0x1.14eacb1ad02b6p-1)) \
   * (x) + K(0x1.8be202d26c708p-1)) \
   * (x) + K(-0x1.f3fe31ecb49c0p-1))
#define AICC_POLY_ERFCX_SLOPE_64(x) \
  ((((K(-0x1.6ad2f3fbd3f48p+0) \
   * (x) + K(0x1.bf615c8d026bap+0)) \
   * (x) + K(-0x1.618c65872a9e3p+0)) \
   * (x) + K(0x1.769ee893df92dp+0)) \
   * (x) + K(-0x1.fac16b0d20affp-1))
#define AICC_POLY_POW_LOG_64(x) \
  (((((((K(0x1.e032e4d8436a1p-4) \
   * (x) + K(0x1.df7c5bc7c7563p-4)) \
   * (x) + K(0x1.1118c9ee5b8a4p-3)) \
   * (x) + K(0x1.3b1395c881220p-3)) \
   * (x) + K(0x1.745d177aad02ap-3)) \
   * (x) + K(0x1.c71c71c6ea871p-3)) \
   * (x) + K(0x1.2492492492522p-2)) \
   * (x) + K(0x1.999999999999ap-2))
/* clang-format on */
