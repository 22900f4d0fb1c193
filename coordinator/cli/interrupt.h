// Ctrl-C and SIGTERM, asked about instead of dying from.
#ifndef PROBEMESH_COORDINATOR_CLI_INTERRUPT_H_
#define PROBEMESH_COORDINATOR_CLI_INTERRUPT_H_

namespace probemesh::cli {

// From now on the first SIGINT or SIGTERM is remembered; a second one ends the process at once with
// status 3.
void CatchInterrupts();

// Thread-safe.
bool Interrupted();

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_INTERRUPT_H_
