/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AICC_DRIVER_VERSION_H
#define AICC_DRIVER_VERSION_H
/* AICC_PROJECT_VERSION comes from the build. */
#define AICC_VERSION AICC_PROJECT_VERSION
#endif
