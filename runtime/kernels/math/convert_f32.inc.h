/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: f16 and bf16 to and from f32, without conversion instructions of the target. */

Real CONVERSION(f16_to_f32)(Half x);
Half CONVERSION(f32_to_f16)(Real x);
Real CONVERSION(bf16_to_f32)(Half x);
Half CONVERSION(f32_to_bf16)(Real x);

Real CONVERSION(f16_to_f32)(Half x) {
  Int bits = CONVERT(x, Int);
  Int magnitude = bits & KI(0x7fff);
  Int normal = (magnitude << KI(13)) + KI(112 << 23);
  Int special = (magnitude << KI(13)) | KI(0x7f800000) | (magnitude > KI(0x7c00) ? KI(0x400000) : KI(0));
  Int denormal = LOCAL(to_bits)(CONVERT(magnitude, Real) * K(0x1p-24));
  Int result = magnitude < KI(0x400) ? denormal : normal;
  result = magnitude >= KI(0x7c00) ? special : result;
  return LOCAL(from_bits)(result | LOCAL(shift_left)(bits & KI(0x8000), KI(16)));
}

/* Denormal results are rounded by adding 1/2, whose ulp is f16's smallest number. */
Half CONVERSION(f32_to_f16)(Real x) {
  Int magnitude = LOCAL(to_bits)(LOCAL(absolute)(x));
  Int denormal = LOCAL(to_bits)(LOCAL(absolute)(x) + K(0.5)) - LOCAL(to_bits)(K(0.5));
  Int normal = (magnitude + KI(0xfff) + ((magnitude >> KI(13)) & KI(1)) - KI(112 << 23)) >> KI(13);
  Int result = magnitude < KI(0x38800000) ? denormal : normal;
  result = magnitude >= KI(0x477ff000) ? KI(0x7c00) : result;
  Int quiet = KI(0x7e00) | ((magnitude >> KI(13)) & KI(0x3ff));
  result = magnitude > KI(0x7f800000) ? quiet : result;
  Int sign = (LOCAL(to_bits)(x) >> KI(16)) & KI(0x8000);
  return CONVERT(result | sign, Half);
}

Real CONVERSION(bf16_to_f32)(Half x) {
  Int bits = LOCAL(shift_left)(CONVERT(x, Int), KI(16));
  Int quiet = (bits & KI(0x7fffffff)) > KI(0x7f800000) ? KI(0x400000) : KI(0);
  return LOCAL(from_bits)(bits | quiet);
}

Half CONVERSION(f32_to_bf16)(Real x) {
  Int bits = LOCAL(to_bits)(x);
  Int magnitude = bits & KI(0x7fffffff);
  Int rounded = (magnitude + KI(0x7fff) + ((magnitude >> KI(16)) & KI(1))) >> KI(16);
  Int quiet = (magnitude >> KI(16)) | KI(0x40);
  Int result = magnitude > KI(0x7f800000) ? quiet : rounded;
  return CONVERT(result | ((bits >> KI(16)) & KI(0x8000)), Half);
}
