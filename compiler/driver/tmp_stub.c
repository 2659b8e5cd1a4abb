#include "loop/program.h"
__attribute__((weak)) void program_print(struct Text *text, const Program *program){(void)text;(void)program;}
__attribute__((weak)) bool program_verify(const Program *program, const char *pass){(void)program;(void)pass;return true;}
