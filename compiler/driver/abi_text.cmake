# Writes abi.h as a C string: cmake -DINPUT=abi.h -DOUTPUT=abi_text.c -P abi_text.cmake
file(READ ${INPUT} text)
string(REGEX REPLACE "^/\\* SPDX[^\n]*\n" "" text "${text}")
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE ";" "@SEMICOLON@" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
string(REPLACE "@SEMICOLON@" ";" text "${text}")
file(WRITE ${OUTPUT} "extern const char aicc_abi_text[];\nconst char aicc_abi_text[] = \"${text}\";\n")
