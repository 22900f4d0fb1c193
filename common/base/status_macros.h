// The two macros of this project.
#ifndef PROBEMESH_COMMON_BASE_STATUS_MACROS_H_
#define PROBEMESH_COMMON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define PM_CONCAT_INNER(a, b) a##b
#define PM_CONCAT(a, b) PM_CONCAT_INNER(a, b)

// PM_RETURN_IF_ERROR(expression yielding absl::Status);
#define PM_RETURN_IF_ERROR(expression)                                            \
  do {                                                                            \
    if (absl::Status pm_status = (expression); !pm_status.ok()) return pm_status; \
  } while (false)

// PM_ASSIGN_OR_RETURN(auto value, expression yielding absl::StatusOr<T>);
#define PM_ASSIGN_OR_RETURN(declaration, expression) \
  PM_ASSIGN_OR_RETURN_INNER(PM_CONCAT(pm_statusor_, __LINE__), declaration, expression)
#define PM_ASSIGN_OR_RETURN_INNER(statusor, declaration, expression) \
  auto statusor = (expression);                                      \
  if (!statusor.ok()) return std::move(statusor).status();           \
  declaration = *std::move(statusor)

#endif  // PROBEMESH_COMMON_BASE_STATUS_MACROS_H_
