#include "tests/lab/services.h"

#include <signal.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "tests/lab/certificates.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"
#include "tests/lab/topology.h"

namespace probemesh::lab {
namespace {

constexpr absl::Duration kServiceLimit = absl::Seconds(10);

constexpr char kNginxConfig[] = R"(daemon off;
user root;
worker_processes 1;
pid @FOLDER@/@NODE@.nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path @FOLDER@/@NODE@.tmp;
  proxy_temp_path @FOLDER@/@NODE@.tmp;
  fastcgi_temp_path @FOLDER@/@NODE@.tmp;
  uwsgi_temp_path @FOLDER@/@NODE@.tmp;
  scgi_temp_path @FOLDER@/@NODE@.tmp;
  server {
    listen 80; listen [::]:80;
    listen 443 ssl; listen [::]:443 ssl;
    ssl_certificate @FOLDER@/@CERTIFICATE@.pem;
    ssl_certificate_key @FOLDER@/@CERTIFICATE@.key;
    default_type text/plain;
    location / { return @ANSWER@; }
  }
}
)";

constexpr char kNamedConfig[] = R"(options {
  directory "@FOLDER@/dns";
  pid-file none;
  session-keyfile none;
  managed-keys-directory "@FOLDER@/dns";
  listen-on { any; };
  listen-on-v6 { any; };
  recursion yes;
  allow-recursion { any; };
  dnssec-validation no;
  empty-zones-enable no;
  notify no;
  minimal-responses no;
};
controls {};
zone "." { type primary; file "root.zone"; };
zone "@ZONE@" { type primary; file "lab.zone"; };
)";

constexpr char kZoneHeader[] = R"($TTL 2
@ SOA ns.lab.test. admin.lab.test. ( @SERIAL@ 60 60 600 2 )
@ NS ns.lab.test.
)";

std::string Fill(absl::string_view text, const LabRun& run) {
  return absl::StrReplaceAll(text, {{"@FOLDER@", run.Folder()}, {"@ZONE@", kZone}});
}

std::string AddressRecords(absl::string_view name, absl::string_view node) {
  const Node& host = LabTopology().Get(node);
  return absl::StrCat(name, " A ", host.Address(Family::kV4), "\n", name, " AAAA ",
                      host.Address(Family::kV6), "\n");
}

absl::Status WriteZone(const LabRun& run, ZoneVariant variant) {
  const std::string serial = variant == ZoneVariant::kNormal ? "1" : "2";
  std::string zone = absl::StrReplaceAll(kZoneHeader, {{"@SERIAL@", serial}});
  absl::StrAppend(&zone, AddressRecords("ns", "d"));
  for (const char* name : {"n", "x", "y"}) absl::StrAppend(&zone, AddressRecords(name, name));
  if (variant == ZoneVariant::kNormal) absl::StrAppend(&zone, AddressRecords("www", "t"));
  return WriteFile(run.File("dns/lab.zone"), zone);
}

LeafSpec LeafOf(const std::string& node, const std::string& name) {
  const Node& host = LabTopology().Get(node);
  return {node, {name}, {host.Address(Family::kV4), host.Address(Family::kV6)}, false};
}

bool Accepts(const LabRun& run, absl::string_view node, int expected_errno) {
  for (const Family family : {Family::kV4, Family::kV6}) {
    for (const int port : {80, 443}) {
      const Trial trial{TrialKind::kTcp, family, port, 0};
      const std::string address = LabTopology().Get(node).Address(family);
      if (TryConnect(run.Namespace(node), address, trial, absl::Seconds(1)) != expected_errno) {
        return false;
      }
    }
  }
  return true;
}

std::string NginxConfig(const LabRun& run, absl::string_view node, WebVariant variant) {
  const std::string certificate = variant == WebVariant::kExpiredCertificate
                                      ? absl::StrCat(node, "-expired")
                                      : std::string(node);
  const std::string answer = variant == WebVariant::kUnavailable
                                 ? "503"
                                 : absl::StrCat("200 \"hello from ", node, "\\n\"");
  return absl::StrReplaceAll(
      Fill(kNginxConfig, run),
      {{"@NODE@", std::string(node)}, {"@CERTIFICATE@", certificate}, {"@ANSWER@", answer}});
}

// What the dns host's own name server says about www.lab.test: "NOERROR", "NXDOMAIN", or "".
std::string TargetNameStatus(const LabRun& run) {
  const std::string server = absl::StrCat("@", LabTopology().Get("d").Address(Family::kV4));
  const absl::StatusOr<CommandResult> dig =
      RunCommand(InNamespace(run.Namespace("d"), {"dig", "+tries=1", "+timeout=1", "+noall",
                                                  "+comments", server, kTargetName, "A"}));
  if (!dig.ok()) return "";
  for (const char* status : {"NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"}) {
    if (absl::StrContains(dig->out, absl::StrCat("status: ", status))) return status;
  }
  return "";
}

absl::Status AwaitNameStatus(const LabRun& run, absl::string_view wanted) {
  if (WaitUntil(kServiceLimit, [&] { return TargetNameStatus(run) == wanted; })) {
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> log = ReadFile(run.File("dns/named.log"));
  return absl::DeadlineExceededError(absl::StrCat("named does not answer ", wanted, " for ",
                                                  kTargetName, "; its log:\n", log.value_or("")));
}

}  // namespace

absl::Status PrepareServiceFiles(const LabRun& run) {
  std::error_code error;
  std::filesystem::create_directories(run.File("dns"), error);
  LeafSpec expired = LeafOf("t", kTargetName);
  expired.file_stem = "t-expired";
  expired.expired = true;
  std::vector<LeafSpec> leaves = {LeafOf("t", kTargetName), expired};
  for (const char* node : {"n", "x", "y"}) {
    leaves.push_back(LeafOf(node, absl::StrCat(node, ".", kZone)));
  }
  PM_RETURN_IF_ERROR(WriteCertificates(run.Folder(), leaves));
  PM_RETURN_IF_ERROR(WriteFile(run.File("dns/named.conf"), Fill(kNamedConfig, run)));
  // Names outside the lab's zone do not exist at once, instead of timing out at the real root.
  std::string root = absl::StrReplaceAll(kZoneHeader, {{"@SERIAL@", "1"}});
  absl::StrAppend(&root, "lab.test. NS ns.lab.test.\n", AddressRecords("ns.lab.test.", "d"));
  PM_RETURN_IF_ERROR(WriteFile(run.File("dns/root.zone"), root));
  return WriteZone(run, ZoneVariant::kNormal);
}

absl::Status StartWeb(const LabRun& run, absl::string_view node, WebVariant variant) {
  PM_RETURN_IF_ERROR(StopWeb(run, node));
  const std::string config = run.File(absl::StrCat(node, ".nginx.conf"));
  const std::string log = run.File(absl::StrCat(node, ".nginx.log"));
  PM_RETURN_IF_ERROR(WriteFile(config, NginxConfig(run, node, variant)));
  PM_RETURN_IF_ERROR(
      Spawn(InNamespace(run.Namespace(node), {"nginx", "-e", "stderr", "-c", config}), log)
          .status());
  if (WaitUntil(kServiceLimit, [&] { return Accepts(run, node, 0); })) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("nginx on ", node, " does not accept; its log:\n", ReadFile(log).value_or("")));
}

absl::Status StopWeb(const LabRun& run, absl::string_view node) {
  // A web host may run more than nginx (someone's `exec`): only nginx is stopped.
  const std::string name = run.Namespace(node);
  const bool gone = WaitUntil(kServiceLimit, [&] {
    bool any = false;
    for (const pid_t pid : ProcessesIn({name})) {
      if (ReadFile(absl::StrCat("/proc/", pid, "/comm")).value_or("") != "nginx\n") continue;
      any = true;
      kill(pid, SIGKILL);
    }
    return !any && Accepts(run, node, ECONNREFUSED);
  });
  return gone ? absl::OkStatus()
              : absl::DeadlineExceededError(absl::StrCat("nginx on ", node, " does not stop"));
}

absl::Status FreezeWeb(const LabRun& run, absl::string_view node) {
  const auto nginx = [&] {
    std::vector<pid_t> pids;
    for (const pid_t pid : ProcessesIn({run.Namespace(node)})) {
      if (ReadFile(absl::StrCat("/proc/", pid, "/comm")).value_or("") == "nginx\n")
        pids.push_back(pid);
    }
    return pids;
  };
  for (const pid_t pid : nginx()) kill(pid, SIGSTOP);
  const bool frozen = WaitUntil(kServiceLimit, [&] {
    const std::vector<pid_t> pids = nginx();
    for (const pid_t pid : pids) {
      const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat")).value_or("");
      if (!absl::StrContains(stat, ") T ")) return false;
    }
    return !pids.empty();
  });
  return frozen ? absl::OkStatus()
                : absl::DeadlineExceededError(absl::StrCat("nginx on ", node, " does not freeze"));
}

absl::Status LaunchDns(const LabRun& run) {
  // Where AppArmor is on, Debian's profile of named allows only its own folders.
  const std::string script = absl::StrCat(
      "echo 'exec unconfined' 2>/dev/null >/proc/self/attr/apparmor/exec || true; exec named -f -n "
      "1 -c ",
      run.File("dns/named.conf"), " -g");
  return Spawn(InNamespace(run.Namespace("d"), {"sh", "-c", script}), run.File("dns/named.log"))
      .status();
}

absl::Status AwaitDns(const LabRun& run) { return AwaitNameStatus(run, "NOERROR"); }

absl::Status StopDns(const LabRun& run) {
  if (KillProcessesIn({run.Namespace("d")}, kServiceLimit)) return absl::OkStatus();
  return absl::DeadlineExceededError("named does not stop");
}

absl::Status LoadZone(const LabRun& run, ZoneVariant variant) {
  PM_RETURN_IF_ERROR(WriteZone(run, variant));
  PM_RETURN_IF_ERROR(StopDns(run));
  PM_RETURN_IF_ERROR(LaunchDns(run));
  return AwaitNameStatus(run, variant == ZoneVariant::kNormal ? "NOERROR" : "NXDOMAIN");
}

absl::Status WriteResolver(const LabRun& run, absl::string_view node, absl::string_view server) {
  return WriteFile(run.ResolvConf(node),
                   absl::StrCat("nameserver ", server, "\noptions timeout:1 attempts:2\n"));
}

}  // namespace probemesh::lab
