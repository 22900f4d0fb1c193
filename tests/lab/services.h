// The real servers of a lab: nginx on every web host, named on the dns host, and the vantages'
// resolver files.
#ifndef PROBEMESH_TESTS_LAB_SERVICES_H_
#define PROBEMESH_TESTS_LAB_SERVICES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/lab/lab_run.h"

namespace probemesh::lab {

enum class WebVariant { kNormal, kUnavailable, kExpiredCertificate };  // 200; 503; 200 but expired
enum class ZoneVariant { kNormal, kWithoutTarget };                    // the latter: NXDOMAIN

// Certificates, web content and zone files in the lab's folder.
absl::Status PrepareServiceFiles(const LabRun& run);

// Starts, or restarts with that variant; returns once ports 80 and 443 accept in both families.
absl::Status StartWeb(const LabRun& run, absl::string_view node, WebVariant variant);
// SIGKILL; returns once the ports refuse.
absl::Status StopWeb(const LabRun& run, absl::string_view node);
// SIGSTOP to master and workers: the kernel still completes handshakes, nobody reads.
absl::Status FreezeWeb(const LabRun& run, absl::string_view node);

// Launches named with the normal zone; AwaitDns() returns once it answers.
absl::Status LaunchDns(const LabRun& run);
absl::Status AwaitDns(const LabRun& run);
absl::Status StopDns(const LabRun& run);
// Reloads with that zone; returns once www.lab.test is answered accordingly.
absl::Status LoadZone(const LabRun& run, ZoneVariant variant);

// The node's /etc/resolv.conf, in place, so that running processes see it.
absl::Status WriteResolver(const LabRun& run, absl::string_view node, absl::string_view server);

}  // namespace probemesh::lab

#endif  // PROBEMESH_TESTS_LAB_SERVICES_H_
