/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/cost.h"

int64_t cost_near_bytes(const Machine *machine) { return machine->core_bytes / 2; }
int64_t cost_held_bytes(const Machine *machine) { return machine->core_bytes / 4; }

/* Three products of 64 rows and 768 columns joined are as fast as apart; of 128 rows 2 to 4 % slower. */
int64_t cost_passed_bytes(const Machine *machine) { return machine->core_bytes; }

bool cost_rows_collide(const Machine *machine, int64_t bytes) { return bytes != 0 && bytes % machine->set_bytes == 0; }
int64_t cost_rows_of_set(const Machine *machine) { return machine->set_lines; }
int64_t cost_row_gap(const Machine *machine) { return machine->line_bytes; }

uint64_t cost_tile_step(const Machine *machine, uint64_t multiply_adds, uint64_t loads) {
  uint64_t cost = multiply_adds > loads ? multiply_adds : loads, latency = 2 * machine->latency;
  return (cost > latency ? cost : latency) + 1;
}
