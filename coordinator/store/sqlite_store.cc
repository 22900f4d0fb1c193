#include "coordinator/store/sqlite_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/proto_time.h"
#include "common/base/status_macros.h"
#include "coordinator/store/ingest_plan.h"
#include "coordinator/store/page_token.h"
#include "coordinator/store/sqlite_schema.h"
#include "coordinator/store/stored_diagnosis.h"
#include "probemesh/internal/v1/store.pb.h"

namespace probemesh::coordinator {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

internal::v1::LabelSet ToProtoLabels(const Labels& labels) {
  internal::v1::LabelSet set;
  for (const auto& label : labels) (*set.mutable_labels())[label.first] = label.second;
  return set;
}

Labels Sorted(const google::protobuf::Map<std::string, std::string>& map) {
  Labels labels(map.begin(), map.end());
  std::sort(labels.begin(), labels.end());
  return labels;
}

internal::v1::NodeExtras ExtrasOf(const StoredNode& node) {
  internal::v1::NodeExtras extras;
  for (const auto& label : node.token_labels) {
    (*extras.mutable_token_labels())[label.first] = label.second;
  }
  for (const std::string& serial : node.certificate_serials) {
    extras.add_certificate_serials(serial);
  }
  return extras;
}

// SQL has no unsigned 64-bit integers: the same bits, read back the same way.
int64_t AsSigned(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t AsUnsigned(int64_t value) { return static_cast<uint64_t>(value); }

absl::StatusOr<StoredNode> ReadNode(const SqliteQuery& row) {
  StoredNode node;
  node.name = row.Text(0);
  node.uid = row.Text(1);
  node.spki_sha256 = row.Text(2);
  node.revoked = row.Integer(3) != 0;
  node.drained = row.Integer(4) != 0;
  PM_RETURN_IF_ERROR(row.Proto(5, &node.node));
  internal::v1::NodeExtras extras;
  PM_RETURN_IF_ERROR(row.Proto(6, &extras));
  node.token_labels = Sorted(extras.token_labels());
  node.certificate_serials.assign(extras.certificate_serials().begin(),
                                  extras.certificate_serials().end());
  return node;
}

absl::StatusOr<StoredToken> ReadToken(const SqliteQuery& row) {
  StoredToken token;
  token.id = row.Text(0);
  token.secret_sha256 = row.Text(1);
  token.node = row.Text(2);
  internal::v1::LabelSet labels;
  PM_RETURN_IF_ERROR(row.Proto(3, &labels));
  token.labels = Sorted(labels.labels());
  token.create_time = absl::FromUnixMicros(row.Integer(4));
  token.expire_time = absl::FromUnixMicros(row.Integer(5));
  token.max_uses = static_cast<uint32_t>(row.Integer(6));
  token.uses = static_cast<uint32_t>(row.Integer(7));
  token.revoked = row.Integer(8) != 0;
  token.last_spki_sha256 = row.Text(9);
  token.last_use_time = absl::FromUnixMicros(row.Integer(10));
  return token;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteStoreOptions& options) {
  PM_ASSIGN_OR_RETURN(std::unique_ptr<SqliteDatabase> database, SqliteDatabase::Open(options.path));
  PM_RETURN_IF_ERROR(PrepareSqliteSchema(*database));
  if (options.max_pages > 0) {
    PM_RETURN_IF_ERROR(
        database->Execute(absl::StrCat("PRAGMA max_page_count = ", options.max_pages)));
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(database)));
}

absl::Status SqliteStore::PutNode(const StoredNode& node) {
  SqliteQuery query(*database_,
                    "INSERT INTO nodes (name, uid, spki_sha256, revoked, drained, record, extras) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                    "uid = excluded.uid, spki_sha256 = excluded.spki_sha256, "
                    "revoked = excluded.revoked, drained = excluded.drained, "
                    "record = excluded.record, extras = excluded.extras");
  query.Bind(node.name).Bind(node.uid).Bind(node.spki_sha256);
  query.Bind(int64_t{node.revoked}).Bind(int64_t{node.drained});
  query.BindProto(node.node).BindProto(ExtrasOf(node));
  return query.Run();
}

absl::StatusOr<std::vector<StoredNode>> SqliteStore::ListNodes() {
  SqliteQuery query(*database_,
                    "SELECT name, uid, spki_sha256, revoked, drained, record, extras "
                    "FROM nodes ORDER BY name");
  std::vector<StoredNode> nodes;
  while (true) {
    PM_ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return nodes;
    PM_ASSIGN_OR_RETURN(StoredNode node, ReadNode(query));
    nodes.push_back(std::move(node));
  }
}

absl::Status SqliteStore::PutToken(const StoredToken& token) {
  SqliteQuery query(*database_,
                    "INSERT INTO join_tokens (id, secret_sha256, node, labels, create_time, "
                    "expire_time, max_uses, uses, revoked, last_spki_sha256, last_use_time) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  query.Bind(token.id).Bind(token.secret_sha256).Bind(token.node);
  query.BindProto(ToProtoLabels(token.labels));
  query.Bind(absl::ToUnixMicros(token.create_time)).Bind(absl::ToUnixMicros(token.expire_time));
  query.Bind(int64_t{token.max_uses}).Bind(int64_t{token.uses}).Bind(int64_t{token.revoked});
  query.Bind(token.last_spki_sha256).Bind(absl::ToUnixMicros(token.last_use_time));
  const absl::Status status = query.Run();
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::AlreadyExistsError(absl::StrCat("join token ", token.id, " exists"));
}

absl::StatusOr<std::vector<StoredToken>> SqliteStore::ListTokens() {
  SqliteQuery query(*database_,
                    "SELECT id, secret_sha256, node, labels, create_time, expire_time, max_uses, "
                    "uses, revoked, last_spki_sha256, last_use_time FROM join_tokens ORDER BY id");
  std::vector<StoredToken> tokens;
  while (true) {
    PM_ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return tokens;
    PM_ASSIGN_OR_RETURN(StoredToken token, ReadToken(query));
    tokens.push_back(std::move(token));
  }
}

absl::Status SqliteStore::RevokeToken(const std::string& id) {
  SqliteQuery query(*database_, "UPDATE join_tokens SET revoked = 1 WHERE id = ?");
  PM_RETURN_IF_ERROR(query.Bind(id).Run());
  if (database_->changed_rows() > 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no join token ", id));
}

absl::Status SqliteStore::Enroll(const std::string& token_id, absl::Time now,
                                 const StoredNode& node) {
  return database_->InTransaction([&]() -> absl::Status {
    PM_RETURN_IF_ERROR(BurnToken(token_id, now, node.spki_sha256));
    return PutNode(node);
  });
}

absl::Status SqliteStore::BurnToken(const std::string& id, absl::Time now,
                                    const std::string& spki_sha256) {
  SqliteQuery query(*database_,
                    "UPDATE join_tokens SET uses = uses + 1, last_spki_sha256 = ?, "
                    "last_use_time = ? WHERE id = ? AND revoked = 0 AND uses < max_uses "
                    "AND expire_time > ?");
  const int64_t micros = absl::ToUnixMicros(now);
  PM_RETURN_IF_ERROR(query.Bind(spki_sha256).Bind(micros).Bind(id).Bind(micros).Run());
  if (database_->changed_rows() > 0) return absl::OkStatus();
  return absl::FailedPreconditionError("the join token is expired, used up, revoked or unknown");
}

absl::StatusOr<std::vector<IngestResult>> SqliteStore::IngestAll(
    const std::vector<IngestBatch>& batches) {
  std::vector<IngestResult> results;
  const absl::Status status = database_->InTransaction([&]() -> absl::Status {
    for (const IngestBatch& batch : batches) {
      PM_ASSIGN_OR_RETURN(IngestResult result, IngestOne(batch));
      results.push_back(std::move(result));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return results;
}

absl::StatusOr<IngestResult> SqliteStore::IngestOne(const IngestBatch& batch) {
  PM_ASSIGN_OR_RETURN(const uint64_t watermark, Watermark(batch.node, batch.spool_generation));
  IngestResult result = PlanIngest(watermark, batch);
  if (result.accepted.empty()) return result;
  PM_RETURN_IF_ERROR(AppendObservations(batch, result.accepted));
  PM_RETURN_IF_ERROR(MoveWatermark(batch, result.acked_sequence));
  return result;
}

absl::Status SqliteStore::AppendObservations(const IngestBatch& batch,
                                             const std::vector<size_t>& accepted) {
  std::map<std::string, std::vector<size_t>> by_run;
  for (const size_t index : accepted) by_run[batch.items[index].run].push_back(index);
  for (const auto& entry : by_run) PM_RETURN_IF_ERROR(AppendPack(batch, entry.second));
  return absl::OkStatus();
}

absl::Status SqliteStore::AppendPack(const IngestBatch& batch, const std::vector<size_t>& items) {
  internal::v1::ObservationPack pack;
  for (const size_t index : items) *pack.add_observations() = batch.items[index].observation;
  SqliteQuery query(*database_,
                    "INSERT INTO observations (run, node, generation, first_sequence, "
                    "last_sequence, pack) VALUES (?, ?, ?, ?, ?, ?)");
  const std::string& run = batch.items[items.front()].run;
  if (run.empty()) {
    query.BindNull();
  } else {
    query.Bind(run);
  }
  query.Bind(batch.node).Bind(AsSigned(batch.spool_generation));
  query.Bind(AsSigned(batch.items[items.front()].sequence));
  query.Bind(AsSigned(batch.items[items.back()].sequence));
  return query.BindProto(pack).Run();
}

absl::Status SqliteStore::MoveWatermark(const IngestBatch& batch, uint64_t sequence) {
  SqliteQuery query(*database_,
                    "INSERT INTO watermarks (node, generation, sequence) VALUES (?, ?, ?) "
                    "ON CONFLICT (node, generation) DO UPDATE SET sequence = excluded.sequence");
  query.Bind(batch.node).Bind(AsSigned(batch.spool_generation)).Bind(AsSigned(sequence));
  return query.Run();
}

absl::StatusOr<uint64_t> SqliteStore::Watermark(const std::string& node, uint64_t generation) {
  SqliteQuery query(*database_,
                    "SELECT sequence FROM watermarks WHERE node = ? AND generation = ?");
  PM_ASSIGN_OR_RETURN(const bool row, query.Bind(node).Bind(AsSigned(generation)).Next());
  return row ? AsUnsigned(query.Integer(0)) : 0;
}

absl::StatusOr<std::vector<v1::Observation>> SqliteStore::ObservationsOf(const std::string& run) {
  std::vector<v1::Observation> observations;
  SqliteQuery query(*database_, "SELECT pack FROM observations WHERE run = ? ORDER BY id");
  query.Bind(run);
  while (true) {
    PM_ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return observations;
    internal::v1::ObservationPack pack;
    PM_RETURN_IF_ERROR(query.Proto(0, &pack));
    for (v1::Observation& observation : *pack.mutable_observations()) {
      observations.push_back(std::move(observation));
    }
  }
}

absl::Status SqliteStore::PutDiagnosis(const v1::Diagnosis& diagnosis,
                                       const v1::EvidenceBundle& bundle) {
  SqliteQuery query(*database_,
                    "INSERT INTO diagnoses (name, create_time, state, resource, bundle) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                    "create_time = excluded.create_time, state = excluded.state, "
                    "resource = excluded.resource, bundle = excluded.bundle");
  query.Bind(diagnosis.name()).Bind(CreateMicros(diagnosis)).Bind(int64_t{diagnosis.state()});
  query.BindProto(WithoutObservations(diagnosis)).BindProto(WithoutObservations(bundle));
  return query.Run();
}

absl::StatusOr<v1::Diagnosis> SqliteStore::GetDiagnosis(const std::string& name) {
  SqliteQuery query(*database_, "SELECT resource FROM diagnoses WHERE name = ?");
  PM_ASSIGN_OR_RETURN(const bool row, query.Bind(name).Next());
  if (!row) return NoSuchDiagnosis(name);
  v1::Diagnosis diagnosis;
  PM_RETURN_IF_ERROR(query.Proto(0, &diagnosis));
  return diagnosis;
}

absl::StatusOr<v1::EvidenceBundle> SqliteStore::GetBundle(const std::string& name) {
  SqliteQuery query(*database_, "SELECT bundle FROM diagnoses WHERE name = ?");
  PM_ASSIGN_OR_RETURN(const bool row, query.Bind(name).Next());
  if (!row) return NoSuchDiagnosis(name);
  v1::EvidenceBundle bundle;
  PM_RETURN_IF_ERROR(query.Proto(0, &bundle));
  PM_ASSIGN_OR_RETURN(std::vector<v1::Observation> observations, ObservationsOf(name));
  for (v1::Observation& observation : observations) {
    *bundle.add_observations() = std::move(observation);
  }
  return bundle;
}

absl::StatusOr<DiagnosisPage> SqliteStore::ListDiagnoses(int page_size,
                                                         const std::string& page_token) {
  PagePosition after{std::numeric_limits<int64_t>::max(), ""};
  if (!page_token.empty()) {
    PM_ASSIGN_OR_RETURN(after, DecodePageToken(page_token));
  }
  // One row more than asked for tells whether there is a next page.
  SqliteQuery query(*database_,
                    "SELECT resource, create_time, name FROM diagnoses WHERE create_time < ? OR "
                    "(create_time = ? AND name < ?) ORDER BY create_time DESC, name DESC LIMIT ?");
  query.Bind(after.micros).Bind(after.micros).Bind(after.name).Bind(int64_t{page_size} + 1);
  DiagnosisPage page;
  PagePosition last;
  while (true) {
    PM_ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return page;
    if (page.diagnoses.size() == static_cast<size_t>(page_size)) {
      page.next_page_token = EncodePageToken(last);
      return page;
    }
    PM_RETURN_IF_ERROR(query.Proto(0, &page.diagnoses.emplace_back()));
    last = {query.Integer(1), query.Text(2)};
  }
}

absl::StatusOr<int> SqliteStore::InterruptRunning() {
  int count = 0;
  const absl::Status status = database_->InTransaction([&]() -> absl::Status {
    PM_ASSIGN_OR_RETURN(const auto running, ReadRunning());
    for (v1::Diagnosis diagnosis : running) {
      diagnosis.set_state(v1::Diagnosis::INTERRUPTED);
      PM_RETURN_IF_ERROR(UpdateResource(diagnosis));
    }
    count = static_cast<int>(running.size());
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return count;
}

absl::StatusOr<std::vector<v1::Diagnosis>> SqliteStore::ReadRunning() {
  std::vector<v1::Diagnosis> running;
  SqliteQuery query(*database_, "SELECT resource FROM diagnoses WHERE state = ?");
  query.Bind(int64_t{v1::Diagnosis::RUNNING});
  while (true) {
    PM_ASSIGN_OR_RETURN(const bool row, query.Next());
    if (!row) return running;
    PM_RETURN_IF_ERROR(query.Proto(0, &running.emplace_back()));
  }
}

absl::Status SqliteStore::UpdateResource(const v1::Diagnosis& diagnosis) {
  SqliteQuery query(*database_, "UPDATE diagnoses SET state = ?, resource = ? WHERE name = ?");
  return query.Bind(int64_t{diagnosis.state()}).BindProto(diagnosis).Bind(diagnosis.name()).Run();
}

}  // namespace probemesh::coordinator
