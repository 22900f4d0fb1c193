#include "coordinator/runs/diagnosis_engine.h"

#include "coordinator/runs/run_manager.h"

namespace probemesh::coordinator {

DiagnosisEngine DefaultDiagnosisEngine() { return DiagnosisEngine{Diagnose, ReportVantages}; }

// Here, so that whoever brings another engine need not link this one.
RunManager::RunManager(RunHost& host) : RunManager(host, DefaultDiagnosisEngine()) {}

}  // namespace probemesh::coordinator
