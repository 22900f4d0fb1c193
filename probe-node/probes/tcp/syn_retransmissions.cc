#include "probe-node/probes/tcp/syn_retransmissions.h"

namespace probemesh::node {

SynRetransmissions::SynRetransmissions(ProbeContext& context, IpAddress::Family family, int ttl)
    : context_(context), family_(family), ttl_(ttl) {
  if (ttl_ != 0) WaitForNext();
}

void SynRetransmissions::WaitForNext() {
  timer_ = context_.loop.ScheduleAfter(timeout_, [this] {
    context_.governor.Count(family_, ttl_);
    timeout_ *= 2;
    WaitForNext();
  });
}

}  // namespace probemesh::node
