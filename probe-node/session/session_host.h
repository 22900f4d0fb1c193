// What a session is for, as the session sees it.
#ifndef PROBEMESH_PROBE_NODE_SESSION_SESSION_HOST_H_
#define PROBEMESH_PROBE_NODE_SESSION_SESSION_HOST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "probemesh/v1/node_service.pb.h"

namespace probemesh::node {

// Loop thread only. Implemented by the agent, and by tests.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  // Everything of a hello but the spool's fields.
  virtual v1::NodeHello Describe() const = 0;
  virtual uint32_t in_flight() const = 0;
  virtual uint32_t free_slots() const = 0;
  virtual v1::SelfCheck self_check() const = 0;

  // The controls that a coordinator named, at each connect: check them now, and from then on.
  virtual void SetControls(std::vector<std::string> controls) = 0;

  // Called once for each command id. Its result goes to the spool, then to Session::OnResultStored,
  // which may happen before this returns.
  virtual void RunProbe(const v1::RunProbe& command) = 0;
  // As RunProbe, but the command is not to be run: its result says why.
  virtual void RefuseProbe(const v1::RunProbe& command, v1::NotRunReason reason,
                           absl::string_view detail) = 0;
  // No-op for what does not run.
  virtual void CancelProbe(const std::string& command_id) = 0;
};

// Where certificates come from and go to. Loop thread only.
class CertificateRenewer {
 public:
  virtual ~CertificateRenewer() = default;
  // The PKCS #10 request (DER) to send now, or empty while none is due. Asked at each heartbeat.
  virtual std::string DueRequest() = 0;
  virtual void OnIssued(const v1::IssuedCertificate& issued) = 0;
  // What was asked for will not be answered any more.
  virtual void OnSessionEnded() = 0;
};

}  // namespace probemesh::node

#endif  // PROBEMESH_PROBE_NODE_SESSION_SESSION_HOST_H_
