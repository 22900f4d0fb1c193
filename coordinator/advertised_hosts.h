// Under what names and addresses nodes are told to come back.
#ifndef PROBEMESH_COORDINATOR_ADVERTISED_HOSTS_H_
#define PROBEMESH_COORDINATOR_ADVERTISED_HOSTS_H_

#include <string>
#include <vector>

#include "coordinator/coordinator_options.h"

namespace probemesh::coordinator {

// What was given; else the listening address; else, if that is all addresses, the machine's first
// address that is not loopback or link-local, IPv4 before IPv6; else loopback. Never empty.
std::vector<std::string> AdvertisedHosts(const CoordinatorOptions& options);

// Where a program on this machine reaches a listener.
Endpoint LocalEndpoint(const Endpoint& listen, uint16_t port);

}  // namespace probemesh::coordinator

#endif  // PROBEMESH_COORDINATOR_ADVERTISED_HOSTS_H_
