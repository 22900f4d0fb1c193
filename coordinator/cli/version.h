// Which build this is.
#ifndef PROBEMESH_COORDINATOR_CLI_VERSION_H_
#define PROBEMESH_COORDINATOR_CLI_VERSION_H_

#include <string>

namespace probemesh::cli {

// "0.1.0"
std::string Version();
// "probemesh 0.1.0"
std::string VersionLine();

}  // namespace probemesh::cli

#endif  // PROBEMESH_COORDINATOR_CLI_VERSION_H_
