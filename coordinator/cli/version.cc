#include "coordinator/cli/version.h"

#ifndef PROBEMESH_VERSION
#error "the build defines PROBEMESH_VERSION"
#endif

namespace probemesh::cli {

std::string Version() { return PROBEMESH_VERSION; }

std::string VersionLine() { return "probemesh " + Version(); }

}  // namespace probemesh::cli
